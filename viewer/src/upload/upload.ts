import { inBatches, sharesOf } from "./batches";
import type { UploadOutcome } from "./send";

export type FileState = "waiting" | "sending" | "done" | "refused";

export interface FileProgress {
  name: string;
  size: number;
  /** From 0 to 1. */
  fraction: number;
  state: FileState;
}

export interface Refusal {
  file: string;
  reason: string;
}

export interface UploadState {
  files: readonly FileProgress[];
  stored: number;
  duplicates: number;
  refused: readonly Refusal[];
  running: boolean;
  stopped: boolean;
}

export const NO_UPLOAD: UploadState = {
  files: [],
  stored: 0,
  duplicates: 0,
  refused: [],
  running: false,
  stopped: false,
};

type Send = (
  files: readonly File[],
  onProgress: (fraction: number) => void,
  signal: AbortSignal,
) => Promise<UploadOutcome>;

export const nameOf = (file: File) => file.webkitRelativePath || file.name;

/** Sends files batch after batch and says how it goes. */
export class Upload {
  #state: UploadState;
  readonly #stop = new AbortController();

  constructor(
    private readonly files: readonly File[],
    private readonly send: Send,
    private readonly onState: (state: UploadState) => void,
  ) {
    const waiting = files.map((file) => ({
      name: nameOf(file),
      size: file.size,
      fraction: 0,
      state: "waiting" as const,
    }));
    this.#state = { ...NO_UPLOAD, files: waiting, running: true };
  }

  stop(): void {
    this.#stop.abort();
  }

  async run(): Promise<void> {
    this.#set({});
    let first = 0;
    for (const { files } of inBatches(this.files)) {
      if (this.#stop.signal.aborted) break;
      await this.#sendBatch(first, files);
      first += files.length;
    }
    this.#set({ running: false, stopped: this.#stop.signal.aborted });
  }

  async #sendBatch(first: number, files: readonly File[]): Promise<void> {
    const sizes = files.map(({ size }) => size);
    const progress = (fraction: number) => this.#advance(first, sharesOf(sizes, fraction), "sending");
    progress(0);
    try {
      const { stored, duplicates, refused } = await this.send(files, progress, this.#stop.signal);
      this.#finish(first, files, refused);
      this.#set({ stored: this.#state.stored + stored, duplicates: this.#state.duplicates + duplicates });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#finish(
        first,
        files,
        files.map((file) => ({ file: nameOf(file), reason })),
      );
    }
  }

  #finish(first: number, files: readonly File[], refused: readonly Refusal[]): void {
    const names = new Set(refused.map(({ file }) => file));
    const isRefused = (file: File) => names.has(nameOf(file)) || names.has(file.name);
    this.#advance(
      first,
      files.map(() => 1),
      "done",
    );
    const marked = this.#state.files.map((file, index) => {
      const sent = files[index - first];
      return sent && index >= first && isRefused(sent) ? { ...file, state: "refused" as const } : file;
    });
    this.#set({ files: marked, refused: [...this.#state.refused, ...refused] });
  }

  #advance(first: number, fractions: readonly number[], state: FileState): void {
    const files = this.#state.files.map((file, index) => {
      const fraction = fractions[index - first];
      return fraction === undefined ? file : { ...file, fraction, state };
    });
    this.#set({ files });
  }

  #set(change: Partial<UploadState>): void {
    this.#state = { ...this.#state, ...change };
    this.onState(this.#state);
  }
}

/** Percent of all bytes; files without any count as one byte each. */
export function overallPercent(files: readonly FileProgress[]): number {
  const weight = (file: FileProgress) => Math.max(1, file.size);
  const total = files.reduce((sum, file) => sum + weight(file), 0);
  const gone = files.reduce((sum, file) => sum + weight(file) * file.fraction, 0);
  return total === 0 ? 0 : Math.floor((100 * gone) / total);
}

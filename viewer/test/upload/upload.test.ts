import { describe, expect, it, vi } from "vitest";
import { inBatches, sharesOf } from "../../src/upload/batches";
import { formatBytes } from "../../src/upload/bytes";
import type { UploadOutcome } from "../../src/upload/send";
import { overallPercent, Upload, type UploadState } from "../../src/upload/upload";

const sized = (size: number) => ({ size });
const file = (name: string, text = "12345678") => new File([text], name);

describe("batches of files", () => {
  it("hold at most 64 MiB, but never nothing", () => {
    const mebibyte = 1024 * 1024;
    const batches = inBatches([40, 40, 100, 1].map((size) => sized(size * mebibyte)));
    expect(batches.map(({ files }) => files.map(({ size }) => size / mebibyte))).toEqual([
      [40],
      [40],
      [100],
      [1],
    ]);
  });

  it("hold at most 100 files", () => {
    expect(inBatches(Array.from({ length: 250 }, () => sized(1))).map(({ files }) => files.length)).toEqual([
      100, 100, 50,
    ]);
  });

  it("fill their files one after another", () => {
    expect(sharesOf([10, 30, 60], 0.25)).toEqual([1, 0.5, 0]);
    expect(sharesOf([0, 10], 0)).toEqual([0, 0]);
    expect(sharesOf([0, 10], 1)).toEqual([1, 1]);
  });
});

async function run(files: File[], send: (names: string[]) => Promise<UploadOutcome>) {
  const states: UploadState[] = [];
  const upload = new Upload(
    files,
    (batch, onProgress) => {
      onProgress(0.5);
      return send(batch.map(({ name }) => name));
    },
    (state) => states.push(state),
  );
  await upload.run();
  const last = states.at(-1);
  if (!last) throw new Error("The upload said nothing");
  return { states, last };
}

describe("an upload", () => {
  it("counts what was stored and names what was refused", async () => {
    const refused = [{ file: "bad.dcm", reason: "not DICOM" }];
    const { last } = await run([file("good.dcm"), file("bad.dcm")], async () => ({
      id: "1",
      stored: 1,
      duplicates: 0,
      refused,
    }));
    expect(last).toMatchObject({ stored: 1, duplicates: 0, refused, running: false });
    expect(last.files.map(({ state }) => state)).toEqual(["done", "refused"]);
    expect(overallPercent(last.files)).toBe(100);
  });

  it("tells how far it is while it runs", async () => {
    const { states } = await run([file("a"), file("b")], async () => ({
      id: "1",
      stored: 2,
      duplicates: 0,
      refused: [],
    }));
    expect(states.map(({ files }) => overallPercent(files))).toContain(50);
  });

  it("goes on with the next batch when one fails", async () => {
    const files = Array.from({ length: 101 }, (_, index) => file(`${index}.dcm`));
    const send = vi
      .fn<(names: string[]) => Promise<UploadOutcome>>()
      .mockRejectedValueOnce(new Error("The node cannot be reached"))
      .mockResolvedValueOnce({ id: "1", stored: 1, duplicates: 0, refused: [] });
    const { last } = await run(files, send);
    expect(last.stored).toBe(1);
    expect(last.refused).toHaveLength(100);
    expect(last.refused[0]?.reason).toBe("The node cannot be reached");
  });
});

describe("a size", () => {
  it.each([
    [12, "12 B"],
    [524_288, "524 kB"],
    [1_210_000_000, "1.21 GB"],
  ])("of %i bytes is %s", (bytes, expected) => {
    expect(formatBytes(bytes)).toBe(expected);
  });
});

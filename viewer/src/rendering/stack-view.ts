import * as cornerstone from "@cornerstonejs/core";
import loader from "@cornerstonejs/dicom-image-loader";
import * as tools from "@cornerstonejs/tools";
import type { Point2 } from "../dicom/geometry";
import { text } from "../dicom/json";
import { TAG } from "../dicom/tags";
import { complete } from "./corrections";
import type { Frame } from "./frames";
import { rangeToWindow, type Window, windowToRange } from "./presets";
import { startRendering } from "./setup";
import { type ToolName, Toolset } from "./toolset";

export interface StackState {
  index: number;
  window: Window | null;
  inverted: boolean;
  error: string | null;
  /** The image of `index` is on the screen. */
  shown: boolean;
}

const { Events } = cornerstone.Enums;
let created = 0;

/** A scrollable stack of images in one element. */
export class StackView {
  readonly #element: HTMLDivElement;
  readonly #engine: cornerstone.RenderingEngine;
  readonly #viewport: cornerstone.Types.IStackViewport;
  readonly #tools: Toolset;
  readonly #resizing: ResizeObserver;
  #frames: readonly Frame[] = [];
  readonly #failures = new Map<string, string>();
  /** Of the image that was shown last. */
  #photometric = "";
  #prefetched = true;
  #state: StackState = { index: 0, window: null, inverted: false, error: null, shown: false };

  static async create(element: HTMLDivElement, onState: (state: StackState) => void): Promise<StackView> {
    return new StackView(await startRendering(), element, onState);
  }

  /** Called after each drawing, with what is needed to draw over it. */
  onDrawn: (() => void) | null = null;

  private constructor(
    engine: cornerstone.RenderingEngine,
    element: HTMLDivElement,
    private readonly onState: (state: StackState) => void,
  ) {
    created += 1;
    const viewportId = `viewport-${created}`;
    this.#element = element;
    this.#engine = engine;
    this.#engine.enableElement({ viewportId, type: cornerstone.Enums.ViewportType.STACK, element });
    this.#viewport = this.#engine.getViewport(viewportId) as cornerstone.Types.IStackViewport;
    this.#tools = new Toolset(`tools-${created}`, viewportId, engine.id);
    element.addEventListener(Events.IMAGE_RENDERED, this.#drawn);
    element.addEventListener(Events.VOI_MODIFIED, this.#windowChanged);
    element.addEventListener("contextmenu", preventDefault);
    cornerstone.eventTarget.addEventListener(Events.IMAGE_LOAD_ERROR, this.#failed);
    this.#resizing = new ResizeObserver(() => this.#engine.resize(true, true));
    this.#resizing.observe(element);
  }

  async show(frames: readonly Frame[], index: number): Promise<void> {
    this.#frames = frames;
    this.#photometric = "";
    for (const { imageId, metadata } of frames) {
      // The address is the same whichever loader shows the frame.
      loader.wadors.metaDataManager.add(imageId.replace(/^\w+:/, "wadors:"), complete(metadata) as never);
    }
    this.#set({ index, error: null, shown: false, inverted: false });
    await this.#attempt(async () => {
      await this.#viewport.setStack(
        frames.map(({ imageId }) => imageId),
        index,
      );
      this.#prefetched = false;
      this.#viewport.render();
    });
  }

  async goTo(index: number): Promise<void> {
    const next = Math.min(this.#frames.length - 1, Math.max(0, index));
    if (next === this.#state.index || this.#frames.length === 0) return;
    this.#set({ index: next, error: null, shown: false });
    await this.#attempt(() => this.#viewport.setImageIdIndex(next));
  }

  setWindow(window: Window | null): void {
    if (window) this.#viewport.setProperties({ voiRange: windowToRange(window, this.#exact) });
    else this.#renewGreys();
    this.#viewport.render();
    this.#windowChanged();
  }

  invert(): void {
    this.#turnOver();
    this.#viewport.render();
    this.#set({ inverted: !this.#state.inverted });
  }

  reset(): void {
    this.#viewport.resetCamera();
    this.#resetGreys();
    this.#viewport.render();
    this.#set({ inverted: false });
    this.#windowChanged();
  }

  #renewGreys(): void {
    this.#resetGreys();
    if (this.#state.inverted) this.#turnOver();
  }

  #turnOver(): void {
    const { invert = false } = this.#viewport.getProperties();
    this.#viewport.setProperties({ invert: !invert });
  }

  /**
   * Give an image its own window and greys again.
   *
   * The renderer alone would leave MONOCHROME1 with white for its greatest values, and SIGMOID black: its scale of
   * greys is made anew, with all that belongs to it, when the VOI LUT Function changes.
   */
  #resetGreys(): void {
    const { LINEAR, LINEAR_EXACT } = cornerstone.Enums.VOILUTFunctionType;
    const { VOILUTFunction = LINEAR } = this.#viewport.getProperties();
    this.#viewport.setProperties({ VOILUTFunction: VOILUTFunction === LINEAR ? LINEAR_EXACT : LINEAR }, true);
    // It also forgets what it was told before, which it would go back to with the next image.
    this.#viewport.clearDefaultProperties();
    // Greys are no colour map: with the next image, one would take the place of the function.
    Object.assign(this.#viewport, { colormap: undefined });
    this.#viewport.setProperties({ VOILUTFunction }, true);
  }

  activate(tool: ToolName): void {
    this.#tools.activate(tool);
  }

  /** From a continuous pixel index of the shown image to CSS pixels of the element. */
  toCanvas([x, y]: Point2): Point2 | null {
    const world = this.#viewport.getImageData()?.imageData.indexToWorld?.([x, y, 0]);
    return world ? this.#viewport.worldToCanvas(world as cornerstone.Types.Point3) : null;
  }

  /** Show the whole image again where the point lies outside of what is seen of it. */
  reveal(point: Point2): void {
    const place = this.toCanvas(point);
    if (!place) return;
    const { clientWidth, clientHeight } = this.#element;
    const seen = place[0] >= 0 && place[1] >= 0 && place[0] <= clientWidth && place[1] <= clientHeight;
    if (seen) return;
    this.#viewport.resetCamera();
    this.#viewport.render();
  }

  dispose(): void {
    this.#resizing.disconnect();
    this.#element.removeEventListener(Events.IMAGE_RENDERED, this.#drawn);
    this.#element.removeEventListener(Events.VOI_MODIFIED, this.#windowChanged);
    this.#element.removeEventListener("contextmenu", preventDefault);
    cornerstone.eventTarget.removeEventListener(Events.IMAGE_LOAD_ERROR, this.#failed);
    tools.utilities.stackContextPrefetch.disable(this.#element);
    this.#engine.disableElement(this.#viewport.id);
    this.#tools.dispose();
  }

  /** An image that cannot be had or decoded is a message in its place, not the end of the page. */
  async #attempt(act: () => Promise<unknown>): Promise<void> {
    const { index } = this.#state;
    const imageId = this.#frames[index]?.imageId ?? "";
    this.#failures.delete(imageId);
    try {
      await act();
      const error = this.#failures.get(imageId) ?? null;
      if (!error) this.#followPhotometric(index);
      if (index === this.#state.index) this.#set({ shown: error === null, error });
      this.#windowChanged();
    } catch (reason) {
      if (index === this.#state.index) this.#set({ error: describe(reason) });
    }
  }

  /** Within a stack, the renderer keeps the direction of the greys of the image before. */
  #followPhotometric(index: number): void {
    const frame = this.#frames[index];
    const photometric = frame ? text(frame.metadata, TAG.photometricInterpretation) : "";
    const changed = this.#photometric !== "" && photometric !== this.#photometric;
    this.#photometric = photometric;
    if (!changed) return;
    this.#renewGreys();
    this.#viewport.render();
  }

  /** The renderer tells of an image that it cannot load in this way, and goes on as if it were there. */
  readonly #failed = (event: Event) => {
    const { imageId, error } = (event as CustomEvent<{ imageId?: string; error?: unknown }>).detail;
    if (imageId) this.#failures.set(imageId, describe(error));
  };

  readonly #drawn = () => {
    this.onDrawn?.();
    if (this.#prefetched) return;
    this.#prefetched = true;
    // The others are fetched when the first can be seen: what comes in would hold up the page.
    setTimeout(() => tools.utilities.stackContextPrefetch.enable(this.#element));
  };

  readonly #windowChanged = () => {
    const range = this.#viewport.getProperties().voiRange;
    this.#set({ window: range ? rangeToWindow(range, this.#exact) : null });
  };

  get #exact(): boolean {
    return (
      this.#viewport.getProperties().VOILUTFunction === cornerstone.Enums.VOILUTFunctionType.LINEAR_EXACT
    );
  }

  #set(change: Partial<StackState>): void {
    this.#state = { ...this.#state, ...change };
    this.onState(this.#state);
  }
}

/** The second button zooms; it must not open the browser's menu. */
function preventDefault(event: Event): void {
  event.preventDefault();
}

function describe(reason: unknown): string {
  const error = (reason as { error?: unknown } | null)?.error ?? reason;
  if (error instanceof XMLHttpRequest) return describeStatus(error.status);
  return error instanceof Error && error.message ? error.message : "The image could not be loaded";
}

function describeStatus(status: number): string {
  if (status === 0) return "The node cannot be reached";
  if (status === 404) return "The node has no pixels of it";
  return status === 200 ? "It did not arrive as a whole" : `The node answered with status ${status}`;
}

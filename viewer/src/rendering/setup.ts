import * as cornerstone from "@cornerstonejs/core";
import loader from "@cornerstonejs/dicom-image-loader";
import * as tools from "@cornerstonejs/tools";
import { registerCorrections } from "./corrections";
import { registerRenderedImages } from "./rendered-loader";
import { styleTextsByObjectModel } from "./style-attribute";

/**
 * Frames as they are stored, each without parts around it, PS3.18 8.7.3.3.2: the loader looks at every byte of an
 * answer in parts to find its end, on the thread that draws.
 */
const FRAMES =
  "application/octet-stream; transfer-syntax=*, multipart/related; type=application/octet-stream; transfer-syntax=*; q=0.9";

let started: Promise<cornerstone.RenderingEngine> | null = null;

/**
 * Start the renderer, its decoders and its tools, once for the page.
 *
 * There is one engine for all views: a browser has few WebGL contexts, and an engine keeps its own for good.
 */
export function startRendering(): Promise<cornerstone.RenderingEngine> {
  started ??= start();
  return started;
}

/** The loader and its decoders also leave their failures to nobody; where the image would be, they are told. */
function takeUnheardFailures(event: PromiseRejectionEvent): void {
  if (event.reason instanceof XMLHttpRequest || typeof event.reason === "number") event.preventDefault();
}

async function start(): Promise<cornerstone.RenderingEngine> {
  await cornerstone.init({ rendering: { webGlContextCount: 1 }, debug: {} });
  loader.init({
    maxWebWorkers: Math.max(1, Math.min(4, Math.floor(navigator.hardwareConcurrency / 2))),
    beforeSend: async () => ({ Accept: FRAMES }),
  });
  addEventListener("unhandledrejection", takeUnheardFailures);
  registerCorrections();
  registerRenderedImages();
  styleTextsByObjectModel();
  tools.init();
  for (const tool of [tools.WindowLevelTool, tools.PanTool, tools.ZoomTool, tools.LengthTool]) {
    tools.addTool(tool);
  }
  return new cornerstone.RenderingEngine("engine");
}

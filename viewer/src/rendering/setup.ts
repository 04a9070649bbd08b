import * as cornerstone from "@cornerstonejs/core";
import loader from "@cornerstonejs/dicom-image-loader";
import * as tools from "@cornerstonejs/tools";
import { registerRenderedImages } from "./rendered-loader";
import { styleTextsByObjectModel } from "./style-attribute";

let started: Promise<void> | null = null;

/** Start the renderer, its decoders and its tools, once for the page. */
export function startRendering(): Promise<void> {
  started ??= start();
  return started;
}

async function start(): Promise<void> {
  await cornerstone.init();
  loader.init({ maxWebWorkers: Math.max(1, Math.min(4, Math.floor(navigator.hardwareConcurrency / 2))) });
  registerRenderedImages();
  styleTextsByObjectModel();
  tools.init();
  for (const tool of [tools.WindowLevelTool, tools.PanTool, tools.ZoomTool, tools.LengthTool]) {
    tools.addTool(tool);
  }
}

/** What the renderer misunderstands of the metadata of an image, said in another way. */
import * as cornerstone from "@cornerstonejs/core";
import loader from "@cornerstonejs/dicom-image-loader";
import { type JsonDataset, numbersOf, text } from "../dicom/json";
import { TAG } from "../dicom/tags";

const { MetadataModules } = cornerstone.Enums;
const FUNCTIONS = new Set(["LINEAR", "LINEAR_EXACT", "SIGMOID"]);
let asking = false;

type Found = Record<string, unknown> | undefined;

/** Correct what the renderer is told about images that it decodes itself. */
export function registerCorrections(): void {
  cornerstone.metaData.addProvider((type: string, imageId: unknown) => {
    if (asking || typeof imageId !== "string" || !imageId.startsWith("wadors:")) return undefined;
    const correct = CORRECTIONS[type];
    const dataset = correct && (loader.wadors.metaDataManager.get(imageId) as JsonDataset | undefined);
    if (!correct || !dataset) return undefined;
    const found = askOthers(type, imageId);
    return found && { ...found, ...correct(dataset) };
  }, 20_000);
}

function askOthers(type: string, imageId: string): Found {
  asking = true;
  try {
    return cornerstone.metaData.get(type, imageId);
  } finally {
    asking = false;
  }
}

const CORRECTIONS: Record<string, (dataset: JsonDataset) => Found> = {
  [MetadataModules.VOI_LUT]: (dataset) => ({ voiLUTFunction: voiLutFunction(dataset) }),
  [MetadataModules.IMAGE_PLANE]: aspect,
};

/** VOI LUT Function as the list that the loader takes its first item of; of a text it would take one letter. */
export function voiLutFunction(dataset: JsonDataset): string[] {
  const name = text(dataset, TAG.voiLutFunction);
  return FUNCTIONS.has(name) ? [name] : [];
}

/** Pixels without a size may have a shape: vertical by horizontal, PS3.3 C.7.6.3.1.7. */
export function aspect(dataset: JsonDataset): Found {
  const [vertical = 0, horizontal = 0] = numbersOf(dataset, TAG.pixelAspectRatio);
  if (numbersOf(dataset, TAG.pixelSpacing).length > 0 || !(vertical > 0 && horizontal > 0)) return undefined;
  // It stays a ratio: the renderer is not told a size to measure with.
  return { rowPixelSpacing: vertical / horizontal, columnPixelSpacing: 1, usingDefaultValues: true };
}

/** What the renderer cannot do without. */
export function complete(dataset: JsonDataset): JsonDataset {
  return text(dataset, TAG.modality) ? dataset : { ...dataset, [TAG.modality]: { vr: "CS", Value: ["OT"] } };
}

import { type JsonDataset, number, text } from "../dicom/json";
import { TAG } from "../dicom/tags";

const JPEG_EXTENDED = "1.2.840.10008.1.2.4.51";
const NATIVE = new Set([
  "1.2.840.10008.1.2",
  "1.2.840.10008.1.2.1",
  "1.2.840.10008.1.2.1.99",
  "1.2.840.10008.1.2.2",
]);

/**
 * Whether the node must make the colours of an image: palettes, subsampled native colours, 16-bit colours
 * and colours in extended JPEG are not what the decoders of the page can do.
 */
export function needsRendering(metadata: JsonDataset): boolean {
  const photometric = text(metadata, TAG.photometricInterpretation);
  const syntax = text(metadata, TAG.availableTransferSyntaxUid);
  if (photometric === "PALETTE COLOR") return true;
  if ((number(metadata, TAG.samplesPerPixel) ?? 1) !== 3) return false;
  const subsampled = NATIVE.has(syntax) && photometric.startsWith("YBR") && photometric !== "YBR_FULL";
  return subsampled || syntax === JPEG_EXTENDED || number(metadata, TAG.bitsAllocated) === 16;
}

export const RENDERED = "rendered";

/**
 * How the renderer names a frame: `wadors:` decodes it in the page, `rendered:` shows the node's rendering of
 * it, PS3.18 10.4.1.1.3.
 */
export function imageIdOf(metadata: JsonDataset, frameUrl: string): string {
  return `${needsRendering(metadata) ? RENDERED : "wadors"}:${frameUrl}`;
}

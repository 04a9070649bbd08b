import { type JsonDataset, number, sequence, text } from "../dicom/json";
import { TAG } from "../dicom/tags";

const JPEG_EXTENDED = "1.2.840.10008.1.2.4.51";
const NATIVE = new Set([
  "1.2.840.10008.1.2",
  "1.2.840.10008.1.2.1",
  "1.2.840.10008.1.2.1.99",
  "1.2.840.10008.1.2.2",
]);

/**
 * Whether the node must make the picture of an image: palettes, subsampled native colours, 16-bit colours
 * and colours in extended JPEG are not what the decoders of the page can do; nor are greys of single bits, those
 * that share their words with overlays, and those that stand in tables.
 */
export function needsRendering(metadata: JsonDataset): boolean {
  const photometric = text(metadata, TAG.photometricInterpretation);
  if (photometric === "PALETTE COLOR") return true;
  return (number(metadata, TAG.samplesPerPixel) ?? 1) === 3
    ? hasUnusualColours(metadata, photometric)
    : hasUnusualGreys(metadata);
}

/** Overlays in unused bits of the pixels are retired, PS3.5 8.1.1, and still around: their bits are no grey. */
function hasUnusualGreys(metadata: JsonDataset): boolean {
  const allocated = number(metadata, TAG.bitsAllocated) ?? 16;
  const stored = number(metadata, TAG.bitsStored) ?? allocated;
  const inWords = Object.keys(metadata).some(
    (tag) => OVERLAY_BITS.test(tag) && (number(metadata, tag) ?? 1) > 1,
  );
  if (allocated === 1 || inWords || (number(metadata, TAG.highBit) ?? stored - 1) !== stored - 1) return true;
  if (sequence(metadata, TAG.modalityLut).length > 0) return true;
  // Where an image has a table and a window, the reader chooses (PS3.3 C.11.2.1.2): the page offers windows.
  return sequence(metadata, TAG.voiLut).length > 0 && number(metadata, TAG.windowWidth) === undefined;
}

/** Overlay Bits Allocated of any of the sixteen groups. */
const OVERLAY_BITS = /^60[0-9A-F]{2}0100$/;

function hasUnusualColours(metadata: JsonDataset, photometric: string): boolean {
  const syntax = text(metadata, TAG.availableTransferSyntaxUid);
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

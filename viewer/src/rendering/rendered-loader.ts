import * as cornerstone from "@cornerstonejs/core";
import { RENDERED } from "./image-ids";

/** Teach the renderer images of that scheme; what it asks about them is known of the frame itself. */
export function registerRenderedImages(): void {
  cornerstone.imageLoader.registerImageLoader(
    RENDERED,
    (imageId) => ({ promise: loadImage(imageId) }) as never,
  );
  cornerstone.metaData.addProvider((type: string, imageId: unknown) => {
    if (typeof imageId !== "string" || !imageId.startsWith(`${RENDERED}:`)) return undefined;
    const found = cornerstone.metaData.get(type, imageId.replace(`${RENDERED}:`, "wadors:"));
    if (type !== "imagePixelModule" || !found) return found;
    return { ...found, ...COLOURS };
  }, 10_000);
}

/** What the node answers, whatever is stored. */
const COLOURS = {
  samplesPerPixel: 3,
  photometricInterpretation: "RGB",
  bitsAllocated: 8,
  bitsStored: 8,
  highBit: 7,
  pixelRepresentation: 0,
};

async function loadImage(imageId: string): Promise<cornerstone.Types.IImage> {
  const url = `${imageId.slice(RENDERED.length + 1)}/rendered`;
  const response = await fetch(url, { headers: { Accept: "image/png" }, credentials: "same-origin" });
  if (!response.ok) throw new Error(`The node cannot render it (status ${response.status})`);
  const bitmap = await createImageBitmap(await response.blob(), { colorSpaceConversion: "none" });
  const { width, height } = bitmap;
  const pixels = withoutAlpha(pixelsOf(bitmap));
  const voxelManager = cornerstone.utilities.VoxelManager.createImageVoxelManager({
    width,
    height,
    numberOfComponents: 3,
    scalarData: pixels,
  });
  return {
    imageId,
    width,
    height,
    columns: width,
    rows: height,
    color: true,
    rgba: false,
    numberOfComponents: 3,
    photometricInterpretation: "RGB",
    minPixelValue: 0,
    maxPixelValue: 255,
    slope: 1,
    intercept: 0,
    windowWidth: 256,
    windowCenter: 128,
    voiLUTFunction: "LINEAR",
    columnPixelSpacing: 1,
    rowPixelSpacing: 1,
    invert: false,
    sizeInBytes: pixels.byteLength,
    dataType: "Uint8Array",
    getPixelData: () => pixels,
    voxelManager,
  } as unknown as cornerstone.Types.IImage;
}

function pixelsOf(bitmap: ImageBitmap): Uint8ClampedArray {
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
  if (!context) throw new Error("This browser cannot decode the image");
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, bitmap.width, bitmap.height).data;
}

export function withoutAlpha(rgba: ArrayLike<number>): Uint8Array {
  const rgb = new Uint8Array((rgba.length / 4) * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    rgb[to] = rgba[from] ?? 0;
    rgb[to + 1] = rgba[from + 1] ?? 0;
    rgb[to + 2] = rgba[from + 2] ?? 0;
  }
  return rgb;
}

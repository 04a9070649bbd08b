/** Files go in requests of limited size: a broken connection then costs one of them, not all. */
export interface Batch<F extends { size: number }> {
  files: F[];
  bytes: number;
}

const BATCH_BYTES = 64 * 1024 * 1024;
const BATCH_FILES = 100;

export function inBatches<F extends { size: number }>(files: readonly F[]): Batch<F>[] {
  const batches: Batch<F>[] = [];
  let current: Batch<F> = { files: [], bytes: 0 };
  for (const file of files) {
    const full = current.bytes + file.size > BATCH_BYTES || current.files.length >= BATCH_FILES;
    if (full && current.files.length > 0) {
      batches.push(current);
      current = { files: [], bytes: 0 };
    }
    current.files.push(file);
    current.bytes += file.size;
  }
  if (current.files.length > 0) batches.push(current);
  return batches;
}

/** How much of each file has gone when this part of the batch has; the files go one after another. */
export function sharesOf(sizes: readonly number[], fraction: number): number[] {
  let left = fraction * sizes.reduce((sum, size) => sum + size, 0);
  return sizes.map((size) => {
    const gone = Math.max(0, Math.min(size, left));
    left -= size;
    return size === 0 ? Number(fraction >= 1) : gone / size;
  });
}

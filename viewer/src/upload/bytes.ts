const UNITS = ["B", "kB", "MB", "GB", "TB"];
const SHORT = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 });

/** A size for reading: "524 kB", "1.21 GB". */
export function formatBytes(bytes: number): string {
  let size = bytes;
  let unit = 0;
  while (size >= 1000 && unit < UNITS.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${SHORT.format(size)} ${UNITS[unit]}`;
}

/** Window presets: the part of the values that is spread over the grey scale. */

export interface Window {
  width: number;
  center: number;
}

export interface Preset {
  name: string;
  /** Null: the window that the image itself asks for. */
  window: Window | null;
}

const DEFAULT: Preset = { name: "Default", window: null };

/** Usual windows in Hounsfield units; the number keys choose them in this order. */
const CT: readonly Preset[] = [
  { name: "Soft tissue", window: { width: 400, center: 40 } },
  { name: "Lung", window: { width: 1500, center: -600 } },
  { name: "Bone", window: { width: 1800, center: 400 } },
  { name: "Brain", window: { width: 80, center: 40 } },
  { name: "Stroke", window: { width: 40, center: 40 } },
  { name: "Mediastinum", window: { width: 350, center: 50 } },
  { name: "Liver", window: { width: 150, center: 60 } },
  { name: "Angiography", window: { width: 600, center: 300 } },
];

export function presetsFor(modality: string): readonly Preset[] {
  return modality === "CT" ? [...CT, DEFAULT] : [DEFAULT];
}

/** The preset of a number key; 1 is the first. */
export function presetOfKey(modality: string, key: string): Preset | undefined {
  return /^[1-9]$/.test(key) ? presetsFor(modality)[Number(key) - 1] : undefined;
}

/** The name of the preset that shows just this window; `own` is the window that the image asks for. */
export function presetNamed(modality: string, window: Window | null, own: Window | null): string | undefined {
  if (!window) return undefined;
  const named = presetsFor(modality).find((preset) => sameWindow(preset.window, window));
  return named?.name ?? (sameWindow(own, window) ? DEFAULT.name : undefined);
}

function sameWindow(a: Window | null, b: Window): boolean {
  return a !== null && Math.abs(a.width - b.width) < 0.5 && Math.abs(a.center - b.center) < 0.5;
}

/**
 * Linear VOI function, PS3.3 C.11.2.1.2.1, as the bounds that the renderer wants, and back.
 *
 * @param exact the images are windowed by LINEAR_EXACT, PS3.3 C.11.2.1.3.2
 */
export function windowToRange({ width, center }: Window, exact = false): { lower: number; upper: number } {
  if (exact) return { lower: center - width / 2, upper: center + width / 2 };
  return { lower: center - 0.5 - (width - 1) / 2, upper: center - 0.5 + (width - 1) / 2 };
}

export function rangeToWindow({ lower, upper }: { lower: number; upper: number }, exact = false): Window {
  const more = exact ? 0 : 1;
  return { width: Math.abs(upper - lower) + more, center: (upper + lower + more) / 2 };
}

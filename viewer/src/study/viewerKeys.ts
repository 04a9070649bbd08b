import { type Preset, presetOfKey } from "../rendering/presets";
import type { StackView } from "../rendering/stack-view";

const PAGE = 10;

interface Place {
  index: number;
  count: number;
}

/** The image that a key leads to; undefined when the key is not for scrolling. */
export function imageOfKey(key: string, { index, count }: Place): number | undefined {
  const targets: Record<string, number> = {
    ArrowUp: index - 1,
    ArrowDown: index + 1,
    PageUp: index - PAGE,
    PageDown: index + PAGE,
    Home: 0,
    End: count - 1,
  };
  const target = targets[key];
  return target === undefined ? undefined : Math.min(count - 1, Math.max(0, target));
}

interface Keys {
  /** Null until the renderer has started. */
  view: StackView | null;
  place: Place;
  modality: string;
  goTo: (index: number) => void;
  onPreset: (preset: Preset) => void;
}

/** Do what a key asks for; false when it asks for nothing. */
export function pressKey(key: string, { view, place, modality, goTo, onPreset }: Keys): boolean {
  const image = imageOfKey(key, place);
  const preset = presetOfKey(modality, key);
  if (image !== undefined) goTo(image);
  else if (preset) onPreset(preset);
  else if (key.toLowerCase() === "r") view?.reset();
  else if (key.toLowerCase() === "i") view?.invert();
  else return false;
  return true;
}

import { describe, expect, it } from "vitest";
import {
  presetNamed,
  presetOfKey,
  presetsFor,
  rangeToWindow,
  windowToRange,
} from "../../src/rendering/presets";

describe("window presets", () => {
  it("of CT begin with soft tissue, lung, bone and brain", () => {
    const names = presetsFor("CT").map(({ name }) => name);
    expect(names.slice(0, 4)).toEqual(["Soft tissue", "Lung", "Bone", "Brain"]);
    expect(names.at(-1)).toBe("Default");
  });

  it("of other modalities are what the image asks for", () => {
    expect(presetsFor("MR")).toEqual([{ name: "Default", window: null }]);
  });

  it("are chosen by number keys", () => {
    expect(presetOfKey("CT", "2")?.name).toBe("Lung");
    expect(presetOfKey("MR", "2")).toBeUndefined();
    expect(presetOfKey("CT", "0")).toBeUndefined();
    expect(presetOfKey("CT", "r")).toBeUndefined();
  });

  it("are known by their window", () => {
    expect(presetNamed("CT", { width: 400, center: 40 }, null)).toBe("Soft tissue");
    expect(presetNamed("CT", { width: 401, center: 47 }, null)).toBeUndefined();
    const own = { width: 256, center: 128 };
    expect(presetNamed("US", own, own)).toBe("Default");
    expect(presetNamed("CT", null, null)).toBeUndefined();
  });
});

describe("a window", () => {
  it("spreads the values of PS3.3 C.11.2.1.2.1 over the grey scale", () => {
    // Width 4096 and centre 2048 map 0 to black and 4095 to white.
    expect(windowToRange({ width: 4096, center: 2048 })).toEqual({ lower: 0, upper: 4095 });
  });

  it("comes back from its range", () => {
    expect(rangeToWindow(windowToRange({ width: 1500, center: -600 }))).toEqual({
      width: 1500,
      center: -600,
    });
    const exact = windowToRange({ width: 400, center: 40 }, true);
    expect(exact).toEqual({ lower: -160, upper: 240 });
    expect(rangeToWindow(exact, true)).toEqual({ width: 400, center: 40 });
  });
});

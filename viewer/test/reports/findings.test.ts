import { describe, expect, it } from "vitest";
import type { JsonDataset } from "../../src/dicom/json";
import { type ContentItem, readContent } from "../../src/reports/content";
import { readFindings, unitText } from "../../src/reports/findings";
import { readReport } from "../../src/reports/report";
import { certaintyText, contentText, measurementText, siteText } from "../../src/reports/text";
import { readFirst } from "../fixtures";

const PREFIX = "1.2.826.0.1.3680043.10.9999.7";
const report = readReport(readFirst("sr"));
const [nodule, effusion, heart] = report.findings;
if (!nodule || !effusion || !heart) throw new Error("The fixture has three findings");

describe("a finding of a TID 1500 report", () => {
  it("has name, site and laterality", () => {
    expect(nodule.name).toBe("Nodule");
    expect(nodule.site).toMatch(/lung/i);
    expect(siteText(nodule)).toBe("right lung");
  });

  it("has its certainty in percent, apart from the measurements", () => {
    expect(nodule.certaintyPercent).toBe(87);
    expect(certaintyText(effusion)).toBe("42.5 %");
    expect(certaintyText(heart)).toBe("");
  });

  it("has its measurements with units", () => {
    expect(nodule.measurements.map(measurementText)).toEqual(["Diameter 8.25 mm", "Volume 294 mm³"]);
  });

  it("leaves the unit of a ratio away", () => {
    expect(heart.measurements.map(measurementText)).toEqual(["Cardiothoracic Ratio 0.57"]);
  });

  it("has its tracking identifier", () => {
    expect([nodule.trackingIdentifier, nodule.trackingUid]).toEqual(["Nodule 1", `${PREFIX}.9`]);
  });
});

describe("the region of a finding", () => {
  it("is a segment of a segmentation", () => {
    expect(nodule.regions).toEqual([{ kind: "segment", sopInstanceUid: `${PREFIX}.6`, segments: [1] }]);
  });

  it("is a polygon in the patient's space", () => {
    const [region] = effusion.regions;
    expect(region).toMatchObject({ kind: "space", graphic: "POLYGON", frameOfReferenceUid: `${PREFIX}.4` });
    expect(region?.kind === "space" && region.points).toHaveLength(5);
  });

  it("is a polyline on the pixels of an image", () => {
    expect(heart.regions).toEqual([
      expect.objectContaining({
        kind: "image",
        graphic: "POLYLINE",
        sopInstanceUid: `${PREFIX}.3.2`,
        frame: 1,
        points: [
          [5, 5],
          [15, 5],
          [15, 12],
          [5, 5],
        ],
      }),
    ]);
  });
});

describe("a report", () => {
  it("of a mock is not for clinical use", () => {
    expect(report.notForClinicalUse).toBe(true);
  });

  it("says in which series its objects are, and which series are images", () => {
    expect(report.seriesOf.get(`${PREFIX}.6`)).toBe(`${PREFIX}.5`);
    expect(report.imageSeries).toEqual([`${PREFIX}.2`]);
  });

  it("has its title as the root of its content", () => {
    expect(contentText(report.content)).toBe("Imaging Measurement Report");
  });

  it("shows numbers, codes and coordinates of its content in words", () => {
    const lines = textsOf(report.content);
    expect(lines).toContain("Finding: Pleural effusion");
    expect(lines).toContain("Certainty of Finding: 87 %");
    expect(lines).toContain("Image Region: POLYGON, 5 points");
  });

  it("without content is empty, not an error", () => {
    expect(readReport({})).toMatchObject({ findings: [], summary: "", imageSeries: [] });
  });
});

function textsOf(item: ContentItem): string[] {
  return [contentText(item), ...item.children.flatMap(textsOf)];
}

const code = (value: string, scheme: string, meaning: string) => ({
  vr: "SQ",
  Value: [
    {
      "00080100": { vr: "SH", Value: [value] },
      "00080102": { vr: "SH", Value: [scheme] },
      "00080104": { vr: "LO", Value: [meaning] },
    },
  ],
});

const item = (valueType: string, name: ReturnType<typeof code>, rest: JsonDataset = {}): JsonDataset => ({
  "0040A010": { vr: "CS", Value: ["CONTAINS"] },
  "0040A040": { vr: "CS", Value: [valueType] },
  "0040A043": name,
  ...rest,
});

const group = (...children: JsonDataset[]) =>
  item("CONTAINER", code("125007", "DCM", "Measurement Group"), {
    "0040A730": { vr: "SQ", Value: children },
  });

const FINDING = item("CODE", code("121071", "DCM", "Finding"), {
  "0040A168": code("27925004", "SCT", "Nodule"),
});
const TRACKING = item("UIDREF", code("112040", "DCM", "Tracking Unique Identifier"), {
  "0040A124": { vr: "UI", Value: ["2.25.1"] },
});
const number = (name: ReturnType<typeof code>, value: unknown, unit: string) =>
  item("NUM", name, {
    "0040A300": {
      vr: "SQ",
      Value: [{ "0040A30A": { vr: "DS", Value: [value] }, "004008EA": code(unit, "UCUM", unit) }],
    },
  });

describe("two measurement groups with one Tracking UID", () => {
  const root = group();
  const volume = number(code("118565006", "SCT", "Volume"), "21.2", "ml");
  const certainty = number(code("111012", "DCM", "Certainty of Finding"), 65, "%");
  const content = readContent({
    ...root,
    "0040A043": code("126010", "DCM", "Imaging Measurements"),
    "0040A730": { vr: "SQ", Value: [group(TRACKING, FINDING, certainty), group(TRACKING, FINDING, volume)] },
  });

  it("are one finding with the measurements of both", () => {
    const findings = readFindings(content);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({
      certaintyPercent: 65,
      measurements: [{ name: "Volume", value: 21.2, unit: "ml" }],
    });
  });
});

describe("a measurement without a value", () => {
  it("is no measurement, and the report says why", () => {
    const missing = item("NUM", code("118565006", "SCT", "Volume"), {
      "0040A300": { vr: "SQ", Value: [] },
      "0040A301": code("114006", "DCM", "Measurement failure"),
    });
    const content = readContent(group(FINDING, missing));
    expect(readFindings(content)[0]?.measurements).toEqual([]);
    expect(textsOf(content)).toContain("Volume: Measurement failure");
  });
});

describe("a unit", () => {
  it.each([
    ["[hnsf'U]", "HU"],
    ["mm3", "mm³"],
    ["{ratio}", ""],
    ["1", ""],
    ["mm", "mm"],
  ])("%s is written %j", (value, expected) => {
    expect(unitText({ value, scheme: "UCUM", meaning: "" })).toBe(expected);
  });
});

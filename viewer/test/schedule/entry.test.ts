import { describe, expect, it } from "vitest";
import {
  attributesOf,
  checkDraft,
  formatTime,
  madeText,
  NOTHING,
  readTypedTime,
  stateText,
} from "../../src/schedule/entry";

const DRAFT = {
  ...NOTHING,
  family: "Doe",
  given: " Jane ",
  patientId: "4711",
  station: "CT1",
  date: "2026-07-06",
  time: "9:30",
};

describe("a step to be scheduled", () => {
  it("has the attributes that modalities ask for, and none that are blank", () => {
    expect(attributesOf({ ...DRAFT, description: "CT chest" })).toEqual({
      PatientName: "Doe^Jane",
      PatientID: "4711",
      RequestedProcedureDescription: "CT chest",
      ScheduledProcedureStepSequence: [
        {
          ScheduledStationAETitle: "CT1",
          Modality: "CT",
          ScheduledProcedureStepStartDate: "20260706",
          ScheduledProcedureStepStartTime: "0930",
          ScheduledProcedureStepDescription: "CT chest",
        },
      ],
    });
  });

  it("is complete with name, ID, station, date and time", () => {
    expect(checkDraft(DRAFT)).toEqual({});
    expect(Object.keys(checkDraft(NOTHING)).sort()).toEqual([
      "date",
      "family",
      "patientId",
      "station",
      "time",
    ]);
  });

  it.each([
    ["birthDate", "yesterday"],
    ["date", "2026-02-30"],
    ["time", "24:00"],
    ["family", "Doe^Jane"],
    ["given", "A\\B"],
  ] as const)("is refused with %s %j", (key, value) => {
    expect(Object.keys(checkDraft({ ...DRAFT, [key]: value }))).toHaveLength(1);
  });
});

describe("times", () => {
  it.each([
    ["9:30", "0930"],
    ["0930", "0930"],
    ["23:59", "2359"],
    ["24:00", undefined],
    ["9.30", undefined],
    ["", undefined],
  ])("%j is typed for %j", (typed, time) => {
    expect(readTypedTime(typed)).toBe(time);
  });

  it("are shown without seconds", () => {
    expect([formatTime("093015.5"), formatTime("0930"), formatTime("")]).toEqual(["09:30", "09:30", ""]);
  });
});

describe("a performed step", () => {
  it("says what it made", () => {
    expect(madeText({ series: ["1.2", "1.3"], instances: 12 })).toBe("12 images in 2 series");
    expect(madeText({ series: ["1.2"], instances: 1 })).toBe("1 image in 1 series");
    expect(madeText({ series: [], instances: 0 })).toBe("");
    expect(stateText("IN PROGRESS")).toBe("in progress");
  });
});

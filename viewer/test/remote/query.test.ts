import { describe, expect, it } from "vitest";
import {
  keysOf,
  NOTHING,
  percentOf,
  problemOf,
  type Retrieval,
  retrievalText,
  studyOf,
} from "../../src/remote/query";

const RETRIEVAL: Retrieval = {
  id: "1",
  remote_ae: "PACS1",
  method: "get",
  study_uid: "1.2",
  series_uids: [],
  status: "running",
  remaining: 30,
  completed: 9,
  failed: 1,
  warning: 0,
  message: "",
  cancel_requested: false,
  principal: "admin",
  created: "2026-01-01T10:10:10.123Z",
  finished: null,
};

describe("the keys of a query", () => {
  it("a name finds what begins with it, as typed with a comma too", () => {
    expect(keysOf({ ...NOTHING, name: "Doe" })).toEqual({ PatientName: "Doe*" });
    expect(keysOf({ ...NOTHING, name: "Doe, Jane" })).toEqual({ PatientName: "Doe^Jane*" });
    expect(keysOf({ ...NOTHING, name: "D?e" })).toEqual({ PatientName: "D?e" });
  });

  it("dates make a range that may be open", () => {
    const range = (from: string, to: string) => keysOf({ ...NOTHING, from, to }).StudyDate;
    expect(range("2026-01-01", "2026-01-31")).toBe("20260101-20260131");
    expect(range("2026-01-01", "")).toBe("20260101-");
    expect(range("", "2026-01-31")).toBe("-20260131");
    expect(range("2026-01-01", "2026-01-01")).toBe("20260101");
    expect(range("", "")).toBeUndefined();
  });

  it("a query for everything, or with a date that is none, is not sent", () => {
    expect(problemOf(NOTHING)).toContain("Enter a name");
    expect(problemOf({ ...NOTHING, modality: "CT" })).toContain("Enter a name");
    expect(problemOf({ ...NOTHING, from: "yesterday" })).toBe("A date is written as YYYY-MM-DD.");
    expect(problemOf({ ...NOTHING, patientId: "P1" })).toBe("");
  });
});

it("a match is shown in the reader's words", () => {
  const study = studyOf({
    StudyInstanceUID: "1.2",
    PatientName: "Doe^Jane",
    ModalitiesInStudy: "CT\\SR",
    NumberOfStudyRelatedInstances: "",
  });
  expect(study).toMatchObject({ studyUid: "1.2", modalities: "CT, SR", images: "", patientId: "" });
  expect(study.name).toContain("Doe");
});

describe("how far a retrieval is", () => {
  it("is counted in images", () => {
    expect(percentOf(RETRIEVAL)).toBe(25);
    expect(retrievalText(RETRIEVAL)).toBe("Retrieving: 9 images, 1 failed, 30 to come");
  });

  it("is nothing before the peer counts", () => {
    const queued: Retrieval = { ...RETRIEVAL, status: "queued", remaining: null, completed: 0, failed: 0 };
    expect(percentOf(queued)).toBe(0);
    expect(retrievalText(queued)).toBe("Waiting");
  });

  it("ends in words", () => {
    const ended = { ...RETRIEVAL, remaining: 0 };
    expect(retrievalText({ ...ended, status: "partial" })).toBe("Incomplete: 9 images, 1 failed");
    expect(retrievalText({ ...ended, status: "complete", completed: 1, failed: 0 })).toBe(
      "Complete: 1 image",
    );
    expect(retrievalText({ ...ended, status: "failed", completed: 0, failed: 0 })).toBe("Failed");
    expect(retrievalText({ ...RETRIEVAL, cancel_requested: true })).toContain("Stopping");
  });
});

import { describe, expect, it } from "vitest";
import { readWorklistSearch, toStudyFilters, withoutBlanks } from "../../src/worklist/filters";
import { placeStudy, type Study, type StudyPages } from "../../src/worklist/rows";
import { nextRow } from "../../src/worklist/useRowKeys";

describe("the filters of the worklist", () => {
  it("are read from the address, numbers and unknown names too", () => {
    expect(readWorklistSearch({ search: "doe", from: 20260101, modality: "", other: "x" })).toEqual({
      search: "doe",
      from: "20260101",
    });
  });

  it("are asked for as the node names them", () => {
    const filters = toStudyFilters({
      search: " doe ",
      modality: "CT",
      status: "FAILED",
      from: "2026-01-01",
      to: "31.1.2026",
    });
    expect(filters).toEqual({
      search: "doe",
      modality: "CT",
      status: "FAILED",
      from: "20260101",
      to: "20260131",
    });
  });

  it("do not hide everything while a date is being typed", () => {
    expect(toStudyFilters({ from: "2026-0" }).from).toBeUndefined();
  });

  it("do not ask for a status that there is not", () => {
    expect(toStudyFilters({ status: "bogus" }).status).toBeUndefined();
  });

  it("leave away what is blank", () => {
    expect(withoutBlanks({ search: "  ", status: "FAILED" })).toEqual({ status: "FAILED" });
  });
});

const study = (study_uid: string, instances = 1): Study => ({
  study_uid,
  instances,
  status: "COMPLETE",
  percent: 100,
  patient_name: "",
  patient_id: "",
  study_date: "",
  modalities: [],
  description: "",
  accession_number: "",
  received: "",
});

const pages = (...uids: string[][]): StudyPages => ({
  pages: uids.map((page) => ({ items: page.map((uid) => study(uid)), next: null })),
  pageParams: uids.map(() => null),
});

const uidsOf = (data: StudyPages) => data.pages.map(({ items }) => items.map(({ study_uid }) => study_uid));

describe("a study that changed", () => {
  it("is replaced where it stands", () => {
    const changed = placeStudy(pages(["a", "b"], ["c"]), "c", study("c", 9));
    expect(uidsOf(changed)).toEqual([["a", "b"], ["c"]]);
    expect(changed.pages[1]?.items[0]?.instances).toBe(9);
  });

  it("goes when it no longer matches the filters", () => {
    expect(uidsOf(placeStudy(pages(["a", "b"]), "a", null))).toEqual([["b"]]);
  });

  it("comes first when it is new", () => {
    expect(uidsOf(placeStudy(pages(["a"], ["b"]), "n", study("n")))).toEqual([["n", "a"], ["b"]]);
  });

  it("that is neither here nor matches changes nothing", () => {
    expect(uidsOf(placeStudy(pages(["a"]), "x", null))).toEqual([["a"]]);
  });
});

describe("keys in the list", () => {
  it.each([
    ["ArrowDown", -1, 0],
    ["ArrowDown", 3, 4],
    ["ArrowDown", 9, 9],
    ["ArrowUp", 0, 0],
    ["PageDown", 0, 9],
    ["Home", 5, 0],
    ["End", 5, 9],
  ])("%s leads from row %i to row %i of ten", (key, from, to) => {
    expect(nextRow(key, from, 10)).toBe(to);
  });

  it("that mean nothing there are left alone", () => {
    expect(nextRow("a", 0, 10)).toBeUndefined();
    expect(nextRow("ArrowDown", -1, 0)).toBeUndefined();
  });
});

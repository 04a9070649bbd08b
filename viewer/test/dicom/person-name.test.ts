import { describe, expect, it } from "vitest";
import { formatPersonName, parsePersonName } from "../../src/dicom/person-name";

describe("a person name", () => {
  it("shows family and given name in their order", () => {
    expect(formatPersonName("Doe^Jane")).toBe("Doe, Jane");
  });

  it("shows middle name, prefix and suffix", () => {
    expect(formatPersonName("Adams^John Robert^Quincy^Rev.^B.A. M.Div.")).toBe(
      "Adams, Rev. John Robert Quincy, B.A. M.Div.",
    );
  });

  it("shows the ideographic and the phonetic group too", () => {
    expect(formatPersonName("Yamada^Tarou=山田^太郎=やまだ^たろう")).toBe(
      "Yamada, Tarou 山田 太郎 (やまだ たろう)",
    );
  });

  it("reads the groups of the JSON model", () => {
    const name = { Alphabetic: "Hong^Gildong", Ideographic: "洪^吉洞", Phonetic: "홍^길동" };
    expect(parsePersonName(name)).toEqual({
      alphabetic: "Hong, Gildong",
      ideographic: "洪, 吉洞",
      phonetic: "홍, 길동",
    });
  });

  it("may have an ideographic group only", () => {
    expect(formatPersonName("=王^小東")).toBe("王 小東");
  });

  it("without components is shown as it is", () => {
    expect(formatPersonName("<script>alert(1)</script>")).toBe("<script>alert(1)</script>");
  });

  it("with more groups than there are is shown as it is", () => {
    expect(formatPersonName("<img src=x onerror=a=b>")).toBe("<img src=x onerror=a=b>");
  });

  it.each([null, undefined, "", "^^^^", "=="])("that is empty is said to be none: %j", (name) => {
    expect(formatPersonName(name)).toBe("No name");
  });
});

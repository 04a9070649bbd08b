import { describe, expect, it } from "vitest";
import { echoText } from "../../src/admin/aes/queries";
import {
  checkDraft,
  draftOf,
  draftOfCaller,
  entryOf,
  hostOf,
  NEW_AE,
  type RemoteAE,
} from "../../src/admin/aes/remoteAe";

const ENTRY: RemoteAE = {
  name: "PACS1",
  ae_title: "PACS1",
  host: "pacs.example.org",
  port: 104,
  allowed: ["echo", "mpps"],
  results: true,
  sr_class: "enhanced",
  source: "runtime",
};

describe("an AE title to be saved", () => {
  it("keeps what the dialog does not ask about", () => {
    const { source, ...expected } = { ...ENTRY, port: 11112 };
    expect(source).toBe("runtime");
    expect(entryOf({ ...draftOf(ENTRY), port: "11112" }, ENTRY)).toEqual(expected);
  });

  it("is named by its AE title when no name is given", () => {
    expect(entryOf({ ...NEW_AE, aeTitle: " CT1 ", host: "10.0.0.1", port: "104" }, null).name).toBe("CT1");
  });

  it("comes from a refused association as far as that tells", () => {
    expect(draftOfCaller("NEWSCANNER ", "10.1.2.3")).toMatchObject({
      name: "NEWSCANNER",
      aeTitle: "NEWSCANNER",
      host: "10.1.2.3",
      port: "",
    });
  });
});

describe("the check of an AE title", () => {
  it("finds nothing wrong with a good one", () => {
    expect(checkDraft(draftOf(ENTRY))).toEqual({});
  });

  it.each(["", "   ", "A".repeat(17), "A\\B", "SCANNÉR"])("refuses the AE title %j", (aeTitle) => {
    expect(checkDraft({ ...draftOf(ENTRY), aeTitle }).aeTitle).toBeDefined();
  });

  it.each(["", "0", "65536", "1.5", "x"])("refuses the port %j", (port) => {
    expect(checkDraft({ ...draftOf(ENTRY), port }).port).toBeDefined();
  });
});

describe("the host of an address", () => {
  it.each([
    ["10.1.2.3", "10.1.2.3"],
    ["10.1.2.3:50123", "10.1.2.3"],
    ["[2001:db8::7]:50123", "2001:db8::7"],
    ["2001:db8::7", "2001:db8::7"],
  ])("%s is %s", (address, host) => {
    expect(hostOf(address)).toBe(host);
  });
});

describe("the outcome of a C-ECHO", () => {
  it("is said with its time", () => {
    expect(echoText({ ok: true, milliseconds: 3, message: "C-ECHO succeeded" })).toBe(
      "C-ECHO succeeded, 3 ms",
    );
  });

  it("is said with the reason", () => {
    expect(echoText({ ok: false, milliseconds: 0, message: "time-out" })).toBe("C-ECHO failed: time-out");
    expect(echoText({ ok: false, milliseconds: 0, message: "C-ECHO failed: time-out" })).toBe(
      "C-ECHO failed: time-out",
    );
  });
});

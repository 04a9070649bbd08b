import { describe, expect, it } from "vitest";
import { echoText } from "../../src/admin/aes/queries";
import { refusalOf } from "../../src/admin/aes/refusal";
import {
  checkDraft,
  draftOf,
  draftOfCaller,
  entryOf,
  hostOf,
  NEW_AE,
  type RemoteAE,
} from "../../src/admin/aes/remoteAe";
import { Problem, type ValueError } from "../../src/http/problem";

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
  it("is what it was, but for what was changed", () => {
    const { source, ...expected } = { ...ENTRY, port: 11112 };
    expect(source).toBe("runtime");
    const saved = entryOf({ ...draftOf(ENTRY), port: "11112" }, ENTRY);
    expect(saved).toMatchObject(expected);
    expect(saved).not.toHaveProperty("source");
  });

  it("has lists where several values were typed, and nothing where nothing was", () => {
    const draft = {
      ...draftOf(ENTRY),
      source_networks: "10.1.2.0/24, 10.1.3.7  ::1",
      certificate: " ",
      tls: true,
    };
    expect(entryOf(draft, ENTRY)).toMatchObject({
      source_networks: ["10.1.2.0/24", "10.1.3.7", "::1"],
      transfer_syntaxes: [],
      certificate: null,
      user: null,
      tls: true,
      sr_class: "enhanced",
      commitment_report: "new",
    });
  });

  it("is named by its AE title when no name is given", () => {
    expect(entryOf({ ...NEW_AE, ae_title: " CT1 ", host: "10.0.0.1", port: "104" }, null).name).toBe("CT1");
  });

  it("comes from a refused association as far as that tells", () => {
    expect(draftOfCaller("NEWSCANNER ", "10.1.2.3")).toMatchObject({
      name: "NEWSCANNER",
      ae_title: "NEWSCANNER",
      host: "10.1.2.3",
      port: "",
    });
  });
});

describe("the check of an AE title", () => {
  it("finds nothing wrong with a good one", () => {
    expect(checkDraft(draftOf(ENTRY))).toEqual({});
  });

  it.each(["", "   ", "A".repeat(17), "A\\B", "SCANNÉR"])("refuses the AE title %j", (title) => {
    expect(checkDraft({ ...draftOf(ENTRY), ae_title: title }).ae_title).toBeDefined();
  });

  it.each(["", "0", "65536", "1.5", "x"])("refuses the port %j", (port) => {
    expect(checkDraft({ ...draftOf(ENTRY), port }).port).toBeDefined();
  });
});

describe("what the node refuses", () => {
  const refused = (...errors: ValueError[]) => new Problem(422, "Unprocessable Entity", "", errors);

  it("stands at its field, in the node's words", () => {
    const error = refused(
      { where: "body.certificate", reason: "Value error, a subject is written as CN=ct1, O=Hospital" },
      { where: "body.source_networks.1", reason: "Value error, '10.1' is no network" },
    );
    expect(refusalOf(error, NEW_AE)).toEqual({
      fields: {
        certificate: "a subject is written as CN=ct1, O=Hospital",
        source_networks: "'10.1' is no network",
      },
      whole: "",
    });
  });

  it("is said below where it is about no single field", () => {
    const error = refused({ where: "body", reason: "Value error, password_hash needs a user" });
    expect(refusalOf(error, NEW_AE)).toEqual({ fields: {}, whole: "password_hash needs a user" });
    expect(refusalOf(new Problem(409, "Conflict", "The name is taken."), NEW_AE).whole).toBe(
      "The name is taken.",
    );
    expect(refusalOf(null, NEW_AE)).toEqual({ fields: {}, whole: "" });
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

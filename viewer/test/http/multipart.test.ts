import { describe, expect, it } from "vitest";
import { withQuery } from "../../src/http/client";
import { firstPart } from "../../src/http/multipart";
import { explain, Problem } from "../../src/http/problem";

const bytes = (text: string) => new TextEncoder().encode(text);
const textOf = (body: Uint8Array) => new TextDecoder().decode(body);

describe("a multipart body", () => {
  const body = bytes("--b1\r\nContent-Type: application/dicom\r\n\r\nDI\r\nCM\r\n--b1--\r\n");

  it.each(["multipart/related; type=x; boundary=b1", 'multipart/related; boundary="b1"; type=x'])(
    "gives its first part: %s",
    (type) => {
      expect(textOf(firstPart(type, body))).toBe("DI\r\nCM");
    },
  );

  it("that is single-part is itself the part", () => {
    expect(textOf(firstPart("application/dicom", bytes("DICM")))).toBe("DICM");
  });

  it("that was cut short is an error", () => {
    expect(() => firstPart("multipart/related; boundary=b1", body.subarray(0, 48))).toThrow("cut short");
  });
});

describe("a query", () => {
  it("has only what has a value", () => {
    expect(withQuery("/p", { a: "x y", b: "", c: null, d: undefined, e: 0 })).toBe("/p?a=x+y&e=0");
    expect(withQuery("/p", {})).toBe("/p");
  });
});

describe("a problem", () => {
  it("is explained by what the node says", async () => {
    const response = new Response(JSON.stringify({ title: "Conflict", detail: "The name is taken." }), {
      status: 409,
    });
    expect(explain(await Problem.from(response))).toBe("The name is taken.");
  });

  it("without words is explained by its status", async () => {
    expect(explain(await Problem.from(new Response("", { status: 404, statusText: "Not Found" })))).toBe(
      "Not Found",
    );
  });

  it("of the network says what to do", () => {
    expect(explain(new TypeError("Failed to fetch"))).toMatch(/network/);
  });
});

// @vitest-environment jsdom
import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { UploadPage } from "../../src/upload/UploadPage";
import { WorklistPage } from "../../src/worklist/WorklistPage";

vi.mock("../../src/session/session", () => ({
  useSession: () => ({ username: "iris", name: "Iris", role: "auditor", permissions: ["read-audit"] }),
}));

afterEach(cleanup);

describe("a page that a role does not include", () => {
  it.each([
    ["Worklist", WorklistPage, "Your role does not include the worklist."],
    ["Upload", UploadPage, "Your role does not include uploads."],
  ])("%s says so, and asks the node for nothing", (heading, Page, text) => {
    const fetched = vi.spyOn(globalThis, "fetch");
    render(<Page />);
    expect(screen.getByRole("heading", { level: 1, name: heading })).toBeTruthy();
    expect(screen.getByText(text)).toBeTruthy();
    expect(screen.queryByText("Try again")).toBeNull();
    expect(fetched).not.toHaveBeenCalled();
  });
});

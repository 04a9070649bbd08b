// @vitest-environment jsdom
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import axe from "axe-core";
import type { ReactElement } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AeDialog } from "../../src/admin/aes/AeDialog";
import { NEW_AE } from "../../src/admin/aes/remoteAe";
import { readReport } from "../../src/reports/report";
import { FindingList } from "../../src/results/FindingList";
import { ReportTree } from "../../src/results/ReportTree";
import { LoginPage } from "../../src/session/LoginPage";
import { SliceSlider } from "../../src/study/SliceSlider";
import { DataTable } from "../../src/ui/DataTable";
import { Dialog } from "../../src/ui/Dialog";
import { StatusText } from "../../src/ui/messages";
import { ProgressBar } from "../../src/ui/ProgressBar";
import { Tabs } from "../../src/ui/Tabs";
import { WorklistFilters } from "../../src/worklist/WorklistFilters";
import { readFirst } from "../fixtures";

const report = readReport(readFirst("sr"));

function show(element: ReactElement) {
  return render(<QueryClientProvider client={new QueryClient()}>{element}</QueryClientProvider>);
}

/** Colours and landmarks need a browser and a whole page; the browser tests look at those. */
async function violations(container: HTMLElement): Promise<string[]> {
  const rules = { "color-contrast": { enabled: false }, region: { enabled: false } };
  const { violations: found } = await axe.run(container, { rules });
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}

afterEach(cleanup);

describe("the login page", () => {
  it("has its fields and its button by name", async () => {
    const { container } = show(<LoginPage />);
    expect(screen.getByRole("textbox", { name: "User name" })).toBeTruthy();
    expect(screen.getByLabelText("Password").getAttribute("type")).toBe("password");
    expect(screen.getByRole("button", { name: "Log in" })).toBeTruthy();
    expect(screen.getByRole("heading", { level: 1 })).toBeTruthy();
    expect(document.title).toBe("Log in – Isocenter");
    expect(await violations(container)).toEqual([]);
  });

  it("says that user name or password is wrong", async () => {
    vi.stubGlobal("fetch", async () => new Response("{}", { status: 401 }));
    show(<LoginPage />);
    fireEvent.click(screen.getByRole("button", { name: "Log in" }));
    fireEvent.submit(screen.getByRole("button", { name: "Log in" }));
    expect((await screen.findByRole("alert")).textContent).toBe("User name or password is wrong");
    vi.unstubAllGlobals();
  });
});

describe("the filters of the worklist", () => {
  it("have the names that are promised", async () => {
    const { container } = show(<WorklistFilters search={{}} onChange={vi.fn()} />);
    expect(screen.getByRole("searchbox", { name: "Search studies" })).toBeTruthy();
    for (const name of ["Modality filter", "Status filter"]) {
      const [first] = within(screen.getByRole("combobox", { name })).getAllByRole("option");
      expect(first?.textContent).toBe("All");
    }
    expect(screen.getByRole("textbox", { name: "From" })).toBeTruthy();
    expect(screen.getByRole("textbox", { name: "To" })).toBeTruthy();
    expect(await violations(container)).toEqual([]);
  });

  it("are asked for when a choice is made", () => {
    const onChange = vi.fn();
    show(<WorklistFilters search={{ search: "doe" }} onChange={onChange} />);
    fireEvent.change(screen.getByRole("combobox", { name: "Modality filter" }), { target: { value: "MR" } });
    expect(onChange).toHaveBeenCalledWith({ search: "doe", modality: "MR" });
  });
});

describe("findings", () => {
  it("are buttons named by finding, certainty and measurements", async () => {
    const onPress = vi.fn();
    const { container } = show(<FindingList findings={report.findings} selected={null} onPress={onPress} />);
    const button = within(screen.getByRole("list", { name: "Findings" })).getByRole("button", {
      name: /^Nodule\s*87 %\s*right lung\s*Diameter 8.25 mm/,
    });
    fireEvent.click(button);
    expect(onPress).toHaveBeenCalledWith(report.findings[0]);
    expect(await violations(container)).toEqual([]);
  });
});

describe("the tree of a report", () => {
  it("begins with its title and closes by key", async () => {
    const { container } = show(<ReportTree label="Structured report" content={report.content} />);
    const tree = screen.getByRole("tree", { name: "Structured report" });
    const [first, second] = within(tree).getAllByRole("treeitem");
    expect(first?.textContent).toContain("Imaging Measurement Report");
    expect(second).toBeTruthy();
    if (first) fireEvent.keyDown(first, { key: "ArrowLeft" });
    expect(within(tree).getAllByRole("treeitem")).toHaveLength(1);
    expect(await violations(container)).toEqual([]);
  });
});

describe("the slice slider", () => {
  it("counts images from one", () => {
    show(<SliceSlider index={4} count={60} onChange={vi.fn()} />);
    const slider = screen.getByRole("slider", { name: "Slice" });
    expect([slider.getAttribute("aria-valuenow"), slider.getAttribute("aria-valuemax")]).toEqual(["5", "60"]);
  });
});

describe("a dialog", () => {
  const closed: boolean[] = [];
  beforeEach(() => {
    closed.length = 0;
    // The DOM of these tests has no modal dialogs.
    HTMLDialogElement.prototype.showModal = function open(this: HTMLDialogElement) {
      this.open = true;
    };
    HTMLDialogElement.prototype.close = function close(this: HTMLDialogElement) {
      closed.push(this.isConnected);
    };
  });

  it("is closed while it is on the page, so that the focus returns to where it came from", () => {
    const { unmount } = show(
      <Dialog title="Why?" onClose={vi.fn()}>
        Because
      </Dialog>,
    );
    unmount();
    expect(closed).toEqual([true]);
  });

  it("says beside the button that something is missing, and leads to it", async () => {
    const { container } = show(<AeDialog draft={NEW_AE} before={null} onClose={vi.fn()} />);
    fireEvent.click(screen.getByRole("button", { name: "Save" }));
    expect((await screen.findByRole("alert")).textContent).toContain("see the fields above");
    await waitFor(() => expect(document.activeElement).toBe(screen.getByLabelText("AE title")));
    expect(await violations(container)).toEqual([]);
  });
});

describe("small parts", () => {
  it("have names and roles", async () => {
    const { container } = show(
      <>
        <StatusText text="Upload complete: 1 stored, 1 refused" />
        <ProgressBar label="Upload progress" percent={40} />
        <DataTable
          label="AE titles"
          columns={[{ header: "Name", cell: (row: string) => row }]}
          rows={["PACS1"]}
          rowKey={(row) => row}
          empty="None"
        />
      </>,
    );
    expect(screen.getByRole("status", { name: "Upload complete: 1 stored, 1 refused" })).toBeTruthy();
    expect(screen.getByRole("progressbar", { name: "Upload progress" }).getAttribute("aria-valuenow")).toBe(
      "40",
    );
    expect(screen.getByRole("table", { name: "AE titles" })).toBeTruthy();
    expect(await violations(container)).toEqual([]);
  });

  it("let arrow keys move over tabs", () => {
    const onSelect = vi.fn();
    show(<Tabs label="Administration" tabs={["A", "B", "C"]} selected="A" onSelect={onSelect} />);
    fireEvent.keyDown(screen.getByRole("tab", { name: "A" }), { key: "ArrowLeft" });
    expect(onSelect).toHaveBeenCalledWith("C");
  });
});

import { useNavigate, useSearch } from "@tanstack/react-router";
import type { ComponentType } from "react";
import { can, type Permission } from "../session/permissions";
import { useSession } from "../session/session";
import { Empty } from "../ui/messages";
import { PANEL_ID, Tabs, tabId } from "../ui/Tabs";
import { usePageTitle } from "../ui/usePageTitle";
import { AnalyzersTab } from "./AnalyzersTab";
import { AssociationsTab } from "./AssociationsTab";
import { AuditTab } from "./AuditTab";
import { AeTitlesTab } from "./aes/AeTitlesTab";
import { RoutingTab } from "./routing/RoutingTab";
import { SystemTab } from "./SystemTab";
import { UsersTab } from "./users/UsersTab";

interface Tab {
  name: string;
  component: ComponentType;
  permission: Permission;
}

const TABS: readonly Tab[] = [
  { name: "AE titles", component: AeTitlesTab, permission: "read-configuration" },
  { name: "Routing", component: RoutingTab, permission: "read-configuration" },
  { name: "Analyzers", component: AnalyzersTab, permission: "read-configuration" },
  { name: "Associations", component: AssociationsTab, permission: "read-associations" },
  { name: "Users", component: UsersTab, permission: "manage-accounts" },
  { name: "Audit", component: AuditTab, permission: "read-audit" },
  { name: "System", component: SystemTab, permission: "read-system" },
];

export function AdminPage() {
  usePageTitle("Administration");
  const session = useSession();
  const search = useSearch({ from: "/admin" });
  const navigate = useNavigate({ from: "/admin" });
  const tabs = TABS.filter(({ permission }) => can(session, permission));
  const selected = tabs.find(({ name }) => name === search.tab) ?? tabs[0];
  if (!selected) {
    return (
      <>
        <h1 className="px-3 pt-3 text-base font-semibold">Administration</h1>
        <Empty title="Your role does not include administration.">Ask an administrator of the node.</Empty>
      </>
    );
  }
  const Content = selected.component;
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <h1 className="bg-surface px-3 pt-3 pb-1 text-base font-semibold">Administration</h1>
      <div className="bg-surface">
        <Tabs
          label="Administration"
          tabs={tabs.map(({ name }) => name)}
          selected={selected.name}
          onSelect={(tab) => void navigate({ search: { tab }, replace: true })}
        />
      </div>
      <div
        id={PANEL_ID}
        role="tabpanel"
        aria-labelledby={tabId(selected.name)}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a panel without controls still scrolls
        tabIndex={0}
        className="grid min-h-0 flex-1 grid-cols-[minmax(0,1fr)] content-start gap-3 overflow-y-auto p-3 -outline-offset-2"
      >
        <Content />
      </div>
    </div>
  );
}

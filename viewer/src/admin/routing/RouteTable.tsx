import { useState } from "react";
import { explain } from "../../http/problem";
import { Button } from "../../ui/Button";
import { CollectionTable } from "../../ui/CollectionTable";
import { ConfirmDialog } from "../../ui/ConfirmDialog";
import type { Column } from "../../ui/DataTable";
import { Alert } from "../../ui/messages";
import { Section } from "../../ui/Section";
import { useDeleteRoute, useRoutes } from "./queries";
import { RouteDialog } from "./RouteDialog";
import { conditionText, NEW_ROUTE, type Route } from "./route";

export function RouteTable() {
  const query = useRoutes();
  const remove = useDeleteRoute();
  const [editing, setEditing] = useState<{ route: Route; isNew: boolean } | null>(null);
  const [deleting, setDeleting] = useState<Route | null>(null);
  const columns: Column<Route>[] = [
    { header: "Name", cell: ({ name }) => <span className="font-medium">{name}</span> },
    { header: "Sends", cell: ({ origin }) => origin },
    { header: "When", cell: conditionText },
    { header: "To", cell: ({ to }) => to.join(", ") },
    { header: "In use", cell: ({ enabled }) => (enabled ? "yes" : "no") },
    { header: "Defined in", cell: ({ source }) => (source === "file" ? "configuration file" : "this page") },
    {
      header: "Actions",
      cell: (route) => (
        <div className="flex gap-1">
          <Button onClick={() => setEditing({ route, isNew: false })}>Edit</Button>
          <Button tone="danger" onClick={() => setDeleting(route)}>
            Delete
          </Button>
        </div>
      ),
    },
  ];
  return (
    <Section
      title="Routes"
      action={
        <Button tone="primary" onClick={() => setEditing({ route: NEW_ROUTE, isNew: true })}>
          Add route
        </Button>
      }
    >
      {remove.isError && <Alert>{explain(remove.error)}</Alert>}
      <CollectionTable
        label="Routes"
        what="The routes"
        query={query}
        columns={columns}
        rowKey={({ name }) => name}
        empty="No routes. Results go back to the system that sent the images, where it is an AE title of this node."
      />
      {editing && <RouteDialog {...editing} onClose={() => setEditing(null)} />}
      {deleting && (
        <ConfirmDialog
          title={`Delete route ${deleting.name}?`}
          text="What is queued already is still delivered."
          action="Delete route"
          onClose={() => setDeleting(null)}
          onConfirm={() => {
            remove.mutate(deleting.name);
            setDeleting(null);
          }}
        />
      )}
    </Section>
  );
}

import { useState } from "react";
import { explain } from "../../http/problem";
import { Button } from "../../ui/Button";
import { CollectionTable } from "../../ui/CollectionTable";
import { ConfirmDialog } from "../../ui/ConfirmDialog";
import type { Column } from "../../ui/DataTable";
import { Alert, StatusText } from "../../ui/messages";
import { Section } from "../../ui/Section";
import { echoText, useDeleteAe, useEcho, useRemoteAes } from "./queries";
import type { RemoteAE } from "./remoteAe";

interface Props {
  onAdd: () => void;
  onEdit: (ae: RemoteAE) => void;
}

export function AeTable({ onAdd, onEdit }: Props) {
  const query = useRemoteAes();
  const [deleting, setDeleting] = useState<RemoteAE | null>(null);
  const remove = useDeleteAe();
  const columns: Column<RemoteAE>[] = [
    { header: "Name", cell: (ae) => <span className="font-medium">{ae.name}</span> },
    { header: "AE title", cell: (ae) => ae.ae_title },
    { header: "Address", cell: (ae) => `${ae.host}:${ae.port}${ae.tls ? " TLS" : ""}` },
    {
      header: "May",
      cell: (ae) => <span className="block min-w-40">{ae.allowed.join(", ") || "nothing"}</span>,
    },
    { header: "Results", cell: (ae) => resultsText(ae.results ?? null) },
    { header: "Defined in", cell: (ae) => (ae.source === "file" ? "configuration file" : "this page") },
    {
      header: "Actions",
      cell: (ae) => <Actions ae={ae} onEdit={() => onEdit(ae)} onDelete={() => setDeleting(ae)} />,
    },
  ];
  return (
    <Section
      title="AE titles"
      action={
        <Button tone="primary" onClick={onAdd}>
          Add AE title
        </Button>
      }
    >
      {remove.isError && (
        <div className="p-2">
          <Alert>{explain(remove.error)}</Alert>
        </div>
      )}
      <CollectionTable
        label="AE titles"
        what="The AE titles"
        query={query}
        columns={columns}
        rowKey={(ae) => ae.name}
        empty="No AE titles yet. Add the modalities that may send and the archives that receive results."
      />
      {deleting && (
        <ConfirmDialog
          title={`Delete ${deleting.name}?`}
          text="Its associations will be refused, and nothing more is sent to it."
          action="Delete AE title"
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

function resultsText(results: boolean | null): string {
  if (results === null) return "of its own images";
  return results ? "all" : "none";
}

function Actions({ ae, onEdit, onDelete }: { ae: RemoteAE; onEdit: () => void; onDelete: () => void }) {
  const echo = useEcho(ae.name);
  const outcome = echo.data
    ? echoText(echo.data)
    : echo.isError
      ? `C-ECHO failed: ${explain(echo.error)}`
      : "";
  return (
    <div className="grid gap-1">
      <div className="flex gap-1">
        <Button disabled={echo.isPending} onClick={() => echo.mutate()}>
          C-ECHO
        </Button>
        <Button onClick={onEdit}>Edit</Button>
        <Button tone="danger" onClick={onDelete}>
          Delete
        </Button>
      </div>
      {outcome && (
        <StatusText text={outcome} className={`text-xs ${echo.data?.ok ? "text-good" : "text-danger"}`} />
      )}
    </div>
  );
}

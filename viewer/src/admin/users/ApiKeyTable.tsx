import { useState } from "react";
import { formatMoment } from "../../dicom/dates";
import { explain } from "../../http/problem";
import { Button } from "../../ui/Button";
import { CollectionTable } from "../../ui/CollectionTable";
import { ConfirmDialog } from "../../ui/ConfirmDialog";
import type { Column } from "../../ui/DataTable";
import { Alert } from "../../ui/messages";
import { Section } from "../../ui/Section";
import { ApiKeyDialog } from "./ApiKeyDialog";
import { type ApiKey, useApiKeys, useRevokeKey } from "./queries";

export function ApiKeyTable() {
  const query = useApiKeys();
  const revoke = useRevokeKey();
  const [adding, setAdding] = useState(false);
  const [revoking, setRevoking] = useState<ApiKey | null>(null);
  const columns: Column<ApiKey>[] = [
    { header: "Name", cell: ({ name }) => <span className="font-medium">{name}</span> },
    { header: "Role", cell: ({ role }) => role },
    { header: "State", cell: ({ enabled }) => (enabled ? "valid" : "revoked") },
    { header: "Last used", cell: ({ last_used }) => formatMoment(last_used) || "never" },
    { header: "Expires", cell: ({ expires }) => formatMoment(expires) || "never" },
    {
      header: "Action",
      cell: (key) =>
        key.enabled && (
          <Button tone="danger" onClick={() => setRevoking(key)}>
            Revoke
          </Button>
        ),
    },
  ];
  return (
    <Section title="API keys" action={<Button onClick={() => setAdding(true)}>Create API key</Button>}>
      {revoke.isError && <Alert>{explain(revoke.error)}</Alert>}
      <CollectionTable
        label="API keys"
        what="The API keys"
        query={query}
        columns={columns}
        rowKey={({ id }) => id}
        empty="No API keys. Programs log in with them."
      />
      {adding && <ApiKeyDialog onClose={() => setAdding(false)} />}
      {revoking && (
        <ConfirmDialog
          title={`Revoke the key ${revoking.name}?`}
          text="Programs that use it are refused from now on."
          action="Revoke key"
          onClose={() => setRevoking(null)}
          onConfirm={() => {
            revoke.mutate(revoking.id);
            setRevoking(null);
          }}
        />
      )}
    </Section>
  );
}

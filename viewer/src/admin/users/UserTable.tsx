import { useState } from "react";
import { formatMoment } from "../../dicom/dates";
import { explain } from "../../http/problem";
import { Button } from "../../ui/Button";
import { CollectionTable } from "../../ui/CollectionTable";
import { ConfirmDialog } from "../../ui/ConfirmDialog";
import type { Column } from "../../ui/DataTable";
import { Alert } from "../../ui/messages";
import { Section } from "../../ui/Section";
import { type User, useDeleteUser, useUsers } from "./queries";
import { UserDialog } from "./UserDialog";

export function UserTable() {
  const query = useUsers();
  const remove = useDeleteUser();
  const [editing, setEditing] = useState<User | "new" | null>(null);
  const [deleting, setDeleting] = useState<User | null>(null);
  const columns: Column<User>[] = [
    { header: "User name", cell: ({ username }) => <span className="font-medium">{username}</span> },
    { header: "Name", cell: ({ name }) => name },
    { header: "Role", cell: ({ role }) => role },
    { header: "May log in", cell: ({ enabled }) => (enabled ? "yes" : "no") },
    { header: "Created", cell: ({ created }) => formatMoment(created) },
    {
      header: "Actions",
      cell: (user) => (
        <div className="flex gap-1">
          <Button onClick={() => setEditing(user)}>Edit</Button>
          <Button tone="danger" onClick={() => setDeleting(user)}>
            Delete
          </Button>
        </div>
      ),
    },
  ];
  return (
    <Section
      title="Users"
      action={
        <Button tone="primary" onClick={() => setEditing("new")}>
          Add user
        </Button>
      }
    >
      {remove.isError && <Alert>{explain(remove.error)}</Alert>}
      <CollectionTable
        label="Users"
        what="The users"
        query={query}
        columns={columns}
        rowKey={({ username }) => username}
        empty="No users."
      />
      {editing && <UserDialog user={editing === "new" ? null : editing} onClose={() => setEditing(null)} />}
      {deleting && (
        <ConfirmDialog
          title={`Delete user ${deleting.username}?`}
          text="The account and its sessions end at once. What it did stays in the audit trail."
          action="Delete user"
          onClose={() => setDeleting(null)}
          onConfirm={() => {
            remove.mutate(deleting.username);
            setDeleting(null);
          }}
        />
      )}
    </Section>
  );
}

import { useState } from "react";
import { explain } from "../../http/problem";
import { Button } from "../../ui/Button";
import { Dialog, DialogActions } from "../../ui/Dialog";
import { Alert } from "../../ui/messages";
import { Select } from "../../ui/Select";
import { TextField } from "../../ui/TextField";
import { useCreateKey } from "./queries";
import { ROLE_OPTIONS } from "./UserDialog";

/** Makes a key and shows it, once. */
export function ApiKeyDialog({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [role, setRole] = useState("service");
  const create = useCreateKey();
  if (create.data) {
    return (
      <Dialog title={`API key ${create.data.name}`} onClose={onClose} onSubmit={onClose}>
        <p>Copy the key now. It is not shown again.</p>
        <code className="rounded border border-line bg-field p-2 break-all select-all">
          {create.data.key}
        </code>
        <DialogActions>
          <Button type="submit">Close</Button>
        </DialogActions>
      </Dialog>
    );
  }
  return (
    <Dialog title="Create API key" onClose={onClose} onSubmit={() => create.mutate({ name, role })}>
      <TextField label="Name" required value={name} onChange={setName} />
      <Select visibleLabel label="Role" value={role} options={ROLE_OPTIONS} onChange={setRole} />
      {create.isError && <Alert>{explain(create.error)}</Alert>}
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" tone="primary" disabled={create.isPending}>
          Create
        </Button>
      </DialogActions>
    </Dialog>
  );
}

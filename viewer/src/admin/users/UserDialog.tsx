import { useState } from "react";
import { explain } from "../../http/problem";
import type { Role } from "../../http/schemas";
import { Button } from "../../ui/Button";
import { Checkbox } from "../../ui/Checkbox";
import { Dialog, DialogActions } from "../../ui/Dialog";
import { Alert } from "../../ui/messages";
import { Select } from "../../ui/Select";
import { TextField } from "../../ui/TextField";
import { ROLES, type User, useAddUser, useChangeUser } from "./queries";

export const ROLE_OPTIONS = ROLES.map((role) => ({ value: role, label: role }));

interface Props {
  /** Null: an account is to be made. */
  user: User | null;
  onClose: () => void;
}

export function UserDialog({ user, onClose }: Props) {
  const [username, setUsername] = useState(user?.username ?? "");
  const [name, setName] = useState(user?.name ?? "");
  const [role, setRole] = useState<Role>(user?.role ?? "clinician");
  const [enabled, setEnabled] = useState(user?.enabled ?? true);
  const [password, setPassword] = useState("");
  const add = useAddUser();
  const change = useChangeUser();
  const failure = add.error ?? change.error;
  const submit = () => {
    const then = { onSuccess: onClose };
    if (!user) add.mutate({ username, name, role, password }, then);
    // Without a new password the old one stays.
    else change.mutate({ username, change: { name, role, enabled, password: password || null } }, then);
  };
  return (
    <Dialog title={user ? `Edit user ${user.username}` : "Add user"} onClose={onClose} onSubmit={submit}>
      <TextField
        label="User name"
        required
        disabled={user !== null}
        autoComplete="off"
        value={username}
        onChange={setUsername}
      />
      <TextField label="Full name" value={name} onChange={setName} />
      <Select
        visibleLabel
        label="Role"
        value={role}
        options={ROLE_OPTIONS}
        onChange={(value) => setRole(value as Role)}
      />
      <TextField
        label={user ? "New password" : "Password"}
        type="password"
        autoComplete="new-password"
        required={!user}
        value={password}
        onChange={setPassword}
      />
      {user && <Checkbox label="May log in" checked={enabled} onChange={setEnabled} />}
      {failure && <Alert>{explain(failure)}</Alert>}
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" tone="primary" disabled={add.isPending || change.isPending}>
          Save
        </Button>
      </DialogActions>
    </Dialog>
  );
}

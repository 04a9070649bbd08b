import { useState } from "react";
import { Button } from "../ui/Button";
import { Dialog, DialogActions } from "../ui/Dialog";
import { TextField } from "../ui/TextField";

interface Props {
  onReject: (reason: string) => void;
  onClose: () => void;
}

export function RejectDialog({ onReject, onClose }: Props) {
  const [reason, setReason] = useState("");
  return (
    <Dialog title="Why is this result wrong?" onClose={onClose} onSubmit={() => onReject(reason.trim())}>
      <TextField label="Reason" required autoFocus value={reason} onChange={setReason} />
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" tone="danger" disabled={!reason.trim()}>
          Reject
        </Button>
      </DialogActions>
    </Dialog>
  );
}

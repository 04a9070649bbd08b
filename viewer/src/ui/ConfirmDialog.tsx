import { Button } from "./Button";
import { Dialog, DialogActions } from "./Dialog";

interface Props {
  title: string;
  text: string;
  action: string;
  onConfirm: () => void;
  onClose: () => void;
}

export function ConfirmDialog({ title, text, action, onConfirm, onClose }: Props) {
  return (
    <Dialog title={title} onClose={onClose} onSubmit={onConfirm}>
      <p>{text}</p>
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" tone="danger">
          {action}
        </Button>
      </DialogActions>
    </Dialog>
  );
}

import { type FormEvent, type ReactNode, useEffect, useId, useRef } from "react";

interface Props {
  title: string;
  onClose: () => void;
  onSubmit?: () => void;
  /** For forms with many fields. */
  wide?: boolean;
  children: ReactNode;
}

/** A modal dialog with one form; the browser keeps the focus inside and Escape closes it. */
export function Dialog({ title, onClose, onSubmit, wide = false, children }: Props) {
  const element = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit?.();
  };
  return (
    <dialog
      ref={element}
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      className={`m-auto w-full rounded-lg border border-line bg-surface text-text ${wide ? "max-w-2xl" : "max-w-md"}`}
    >
      <form onSubmit={submit} className="grid gap-3 p-4">
        <h2 id={heading} className="text-sm font-semibold">
          {title}
        </h2>
        {children}
      </form>
    </dialog>
  );
}

export function DialogActions({ children }: { children: ReactNode }) {
  return <div className="mt-1 flex justify-end gap-2">{children}</div>;
}

import { type DragEvent, type InputHTMLAttributes, useState } from "react";
import { explain } from "../http/problem";
import { filesOfDrop } from "./dropped";

interface Props {
  disabled: boolean;
  onFiles: (files: readonly File[]) => void;
  onProblem: (text: string) => void;
}

export function FilePicker({ disabled, onFiles, onProblem }: Props) {
  const [over, setOver] = useState(false);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    if (disabled) return;
    filesOfDrop(event.dataTransfer).then(onFiles, (error) => onProblem(explain(error)));
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is the mouse's way; the inputs inside do the same
    <div
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
      className={`grid justify-items-center gap-3 rounded-md border-2 border-dashed px-4 py-8 text-center ${over ? "border-accent bg-selected" : "border-line bg-surface"}`}
    >
      <p>Drop DICOM files, folders or ZIP files here.</p>
      <div className="flex flex-wrap justify-center gap-3">
        <Chooser label="Choose files" disabled={disabled} onFiles={onFiles} />
        <Chooser label="Choose a folder" disabled={disabled} onFiles={onFiles} folder />
      </div>
      <p className="max-w-md text-xs text-muted">
        Every file is checked like one that a modality sends. What is already here is not stored twice.
      </p>
    </div>
  );
}

interface ChooserProps {
  label: string;
  disabled: boolean;
  onFiles: (files: readonly File[]) => void;
  folder?: boolean;
}

function Chooser({ label, disabled, onFiles, folder = false }: ChooserProps) {
  // Not in React's types, though every browser has it.
  const ofFolder = { webkitdirectory: "" } as InputHTMLAttributes<HTMLInputElement>;
  return (
    <label className="relative inline-flex h-8 items-center rounded border border-line bg-raised px-3 focus-within:outline-2 focus-within:outline-offset-1 focus-within:outline-accent hover:border-muted has-disabled:opacity-60">
      {label}
      <input
        type="file"
        multiple
        disabled={disabled}
        className="absolute inset-0 cursor-pointer opacity-0"
        onChange={(event) => {
          onFiles([...(event.target.files ?? [])]);
          // The same selection again must be a change again.
          event.target.value = "";
        }}
        {...(folder ? ofFolder : {})}
      />
    </label>
  );
}

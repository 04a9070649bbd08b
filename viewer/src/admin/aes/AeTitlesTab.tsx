import { useState } from "react";
import { AeDialog } from "./AeDialog";
import { AeTable } from "./AeTable";
import { RejectedTable } from "./RejectedTable";
import { type Draft, draftOf, draftOfCaller, NEW_AE, type RemoteAE } from "./remoteAe";

interface Editing {
  draft: Draft;
  before: RemoteAE | null;
}

/** Who may call, and who was refused: the one is most often the answer to the other. */
export function AeTitlesTab() {
  const [editing, setEditing] = useState<Editing | null>(null);
  return (
    <>
      <AeTable
        onAdd={() => setEditing({ draft: NEW_AE, before: null })}
        onEdit={(ae) => setEditing({ draft: draftOf(ae), before: ae })}
      />
      <RejectedTable
        onAllow={({ calling_ae_title, address }) =>
          setEditing({ draft: draftOfCaller(calling_ae_title, address), before: null })
        }
      />
      {editing && <AeDialog {...editing} onClose={() => setEditing(null)} />}
    </>
  );
}

import { useState } from "react";
import { can } from "../session/permissions";
import { useSession } from "../session/session";
import { Empty } from "../ui/messages";
import { usePageTitle } from "../ui/usePageTitle";
import { EntryDialog } from "./EntryDialog";
import { EntryTable } from "./EntryTable";
import { StepTable } from "./StepTable";

/** The modality worklist, and what modalities made of it. */
export function SchedulePage() {
  usePageTitle("Schedule");
  const session = useSession();
  const [adding, setAdding] = useState(false);
  return (
    <div className="min-h-0 flex-1 overflow-y-auto p-3">
      <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
        <h1 className="text-base font-semibold">Schedule</h1>
        {can(session, "read-worklist") ? (
          <>
            <EntryTable mayChange={can(session, "schedule")} onAdd={() => setAdding(true)} />
            <StepTable />
          </>
        ) : (
          <Empty title="Your role does not include the schedule.">Ask an administrator of the node.</Empty>
        )}
      </div>
      {adding && <EntryDialog onClose={() => setAdding(false)} />}
    </div>
  );
}

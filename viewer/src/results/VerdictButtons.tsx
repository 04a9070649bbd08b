import { useState } from "react";
import { explain } from "../http/problem";
import { can } from "../session/permissions";
import { useSession } from "../session/session";
import { Button } from "../ui/Button";
import { Alert } from "../ui/messages";
import { type Result, useJudge } from "./queries";
import { RejectDialog } from "./RejectDialog";

/** A person's word on a result: only this makes it final. */
export function VerdictButtons({ result }: { result: Result }) {
  const session = useSession();
  const judge = useJudge(result.study_uid);
  const [asking, setAsking] = useState(false);
  if (!can(session, "decide-results")) return null;

  const accept = () => judge.mutate({ id: result.id, verdict: { act: "accept", comment: "" } });
  const reject = (reason: string) => {
    setAsking(false);
    judge.mutate({ id: result.id, verdict: { act: "reject", reason } });
  };
  return (
    <div className="grid gap-2">
      <div className="flex gap-2">
        <Button tone="primary" disabled={judge.isPending} onClick={accept}>
          Accept result
        </Button>
        <Button tone="danger" disabled={judge.isPending} onClick={() => setAsking(true)}>
          Reject result
        </Button>
      </div>
      {judge.isError && <Alert>{explain(judge.error)}</Alert>}
      {asking && <RejectDialog onReject={reject} onClose={() => setAsking(false)} />}
    </div>
  );
}

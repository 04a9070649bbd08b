import { useState } from "react";
import { can } from "../session/permissions";
import { useSession } from "../session/session";
import { Empty, Failed, Loading } from "../ui/messages";
import { usePageTitle } from "../ui/usePageTitle";
import { FoundStudies } from "./FoundStudies";
import { QueryForm } from "./QueryForm";
import { usePeers, useRemoteQuery } from "./queries";
import { Retrievals } from "./Retrievals";

/** What other archives have, and how it comes here. */
export function RemotePage() {
  usePageTitle("Remote PACS");
  const session = useSession();
  const allowed = can(session, "query-remote");
  return (
    <div className="min-h-0 flex-1 overflow-y-auto p-3">
      <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
        <h1 className="text-base font-semibold">Remote PACS</h1>
        {allowed ? (
          <Content />
        ) : (
          <Empty title="Your role does not include remote archives.">Ask an administrator of the node.</Empty>
        )}
      </div>
    </div>
  );
}

function Content() {
  const peers = usePeers();
  const query = useRemoteQuery();
  const [peer, setPeer] = useState("");
  if (peers.isPending) return <Loading what="the remote archives" />;
  if (peers.isError) return <Failed what="The remote archives" error={peers.error} retry={peers.refetch} />;
  const chosen = peer || (peers.data[0]?.name ?? "");
  if (chosen === "") {
    return (
      <Empty title="No remote archive is known.">
        An administrator adds it under Administration, AE titles.
      </Empty>
    );
  }
  return (
    <>
      <QueryForm
        peers={peers.data}
        peer={chosen}
        onPeer={(name) => {
          setPeer(name);
          query.reset();
        }}
        busy={query.isPending}
        error={query.error}
        onQuery={(wanted) => query.mutate({ peer: chosen, wanted })}
      />
      {query.data && (
        <FoundStudies
          key={query.submittedAt}
          peer={query.variables.peer}
          matches={query.data.items}
          more={query.data.more}
        />
      )}
      <Retrievals />
    </>
  );
}

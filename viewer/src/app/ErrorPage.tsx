import { Failed } from "../ui/messages";
import { usePageTitle } from "../ui/usePageTitle";

/** In place of a page that has failed; the rest of the frame stays. */
export function ErrorPage({ error }: { error: unknown }) {
  usePageTitle("Error");
  return (
    <>
      <h1 className="px-4 pt-4 text-base font-semibold">Error</h1>
      <Failed what="This page" error={error} retry={() => void reloadWhereAnswered()} />
    </>
  );
}

/** What has failed once stays so until the page begins anew, which only a node that answers can give. */
async function reloadWhereAnswered(): Promise<void> {
  const answered = await fetch("/healthz", { cache: "no-store" }).catch(() => null);
  if (answered) location.reload();
}

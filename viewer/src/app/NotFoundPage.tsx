import { Link } from "@tanstack/react-router";
import { Empty } from "../ui/messages";
import { usePageTitle } from "../ui/usePageTitle";

export function NotFoundPage() {
  usePageTitle("Not found");
  return (
    <>
      <h1 className="px-4 pt-4 text-base font-semibold">Not found</h1>
      <Empty title="There is nothing at this address.">
        <Link to="/" className="text-accent underline">
          Back to the worklist
        </Link>
      </Empty>
    </>
  );
}

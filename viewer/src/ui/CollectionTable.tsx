import type { UseInfiniteQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Button } from "./Button";
import { type Column, DataTable } from "./DataTable";
import { Failed, Loading } from "./messages";

interface Props<Row> {
  label: string;
  /** What is loaded, for messages: "The audit trail". */
  what: string;
  query: UseInfiniteQueryResult<Row[]>;
  columns: readonly Column<Row>[];
  rowKey: (row: Row) => string | number;
  empty: ReactNode;
}

/** A collection of the node as a table that grows by a button. */
export function CollectionTable<Row>({ label, what, query, columns, rowKey, empty }: Props<Row>) {
  if (query.isPending) return <Loading what={what.toLowerCase()} />;
  if (query.isError && !query.data) {
    return <Failed what={what} error={query.error} retry={() => void query.refetch()} />;
  }
  return (
    <>
      <DataTable label={label} columns={columns} rows={query.data ?? []} rowKey={rowKey} empty={empty} />
      {query.hasNextPage && (
        <div className="p-2 text-center">
          <Button disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            Show more
          </Button>
        </div>
      )}
    </>
  );
}

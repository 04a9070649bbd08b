import type { ReactNode } from "react";
import { ScrollArea } from "./ScrollArea";

export interface Column<Row> {
  header: string;
  cell: (row: Row) => ReactNode;
  className?: string;
}

interface Props<Row> {
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string | number;
  /** What is said when there is no row. */
  empty: ReactNode;
}

/** A plain table; on a narrow screen it scrolls sideways by itself, not the page. */
export function DataTable<Row>({ label, columns, rows, rowKey, empty }: Props<Row>) {
  return (
    <ScrollArea label={`${label}, scrollable`} className="overflow-x-auto">
      <table aria-label={label} className="w-full border-collapse text-[13px]">
        <thead className="text-left text-xs text-muted">
          <tr className="border-b border-line">
            {columns.map(({ header, className = "" }) => (
              <th key={header} scope="col" className={`px-3 py-1.5 whitespace-nowrap ${className}`}>
                {header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)} className="border-b border-line/60 hover:bg-raised">
              {columns.map(({ header, cell, className = "" }) => (
                <td key={header} className={`px-3 py-1.5 align-middle ${className}`}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
          {rows.length === 0 && (
            <tr>
              <td colSpan={columns.length} className="px-3 py-6 text-center text-muted">
                {empty}
              </td>
            </tr>
          )}
        </tbody>
      </table>
    </ScrollArea>
  );
}

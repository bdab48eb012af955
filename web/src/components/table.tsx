import type { ComponentChildren } from "preact";

export interface Column<T> {
  title: string;
  cell: (row: T) => ComponentChildren;
  /** True for numbers: right-aligned, with digits of one width. */
  isNumber?: boolean;
  class?: string;
  /** True for a column that a narrow screen leaves out. */
  isWideOnly?: boolean;
}

interface Props<T> {
  caption: string;
  columns: Column<T>[];
  rows: T[];
  rowKey: (row: T) => string | number;
  /** True for a list that can be long: it scrolls by itself, below its head. */
  isLong?: boolean;
  /** Shown in the place of rows where there are none. */
  empty?: ComponentChildren;
}

/** A table that scrolls sideways by itself on a narrow screen. */
export function Table<T>({ caption, columns, rows, rowKey, isLong = false, empty }: Props<T>) {
  return (
    <div class={isLong ? "table long" : "table"} tabIndex={0} role="region" aria-label={caption}>
      <table>
        <caption class="hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.title} scope="col" class={headClassOf(column)}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)}>
              {columns.map((column) => (
                <td key={column.title} class={classOf(column)}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {!rows.length && empty && <p class="empty">{empty}</p>}
    </div>
  );
}

function headClassOf<T>({ isNumber, isWideOnly }: Column<T>): string | undefined {
  return [isNumber && "number", isWideOnly && "wide-only"].filter(Boolean).join(" ") || undefined;
}

function classOf<T>(column: Column<T>): string | undefined {
  return [headClassOf(column), column.class].filter(Boolean).join(" ") || undefined;
}

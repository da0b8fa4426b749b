import { useState, type ReactNode } from 'react';
import css from './table.module.css';

type SortValue = number | string | null | undefined;

export interface Column<Row> {
  readonly name: string;
  readonly isNumber?: boolean;
  /** Never broken over lines: dates, names. */
  readonly isWhole?: boolean;
  /** Given where the column can be sorted by. */
  sortBy?(row: Row): SortValue;
  cell(row: Row): ReactNode;
}

interface Sort {
  readonly column: string;
  readonly isDescending: boolean;
}

/** A short table; long lists get the virtual one. */
export function Table<Row>(props: {
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf(row: Row): string | number;
}) {
  const [sort, setSort] = useState<Sort | null>(null);
  const rows = sorted(props.rows, props.columns, sort);
  return (
    <section className={css['scroll']} tabIndex={0} aria-label={props.caption}>
      <table className={css['table']}>
        <thead>
          <tr>
            {props.columns.map((column) => (
              <th
                key={column.name}
                scope="col"
                className={column.isNumber ? css['number'] : undefined}
                {...(sort?.column === column.name && { 'aria-sort': sort.isDescending ? 'descending' : 'ascending' })}
              >
                {column.sortBy ? (
                  <SortButton name={column.name} sort={sort} onSort={setSort} isNumber={column.isNumber ?? false} />
                ) : (
                  column.name
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={props.keyOf(row)}>
              {props.columns.map((column) => (
                <td key={column.name} className={classOf(column)}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function classOf({ isNumber, isWhole }: Pick<Column<unknown>, 'isNumber' | 'isWhole'>): string | undefined {
  return isNumber ? css['number'] : isWhole ? css['whole'] : undefined;
}

function SortButton(props: { name: string; sort: Sort | null; isNumber: boolean; onSort(sort: Sort): void }) {
  const isMine = props.sort?.column === props.name;
  const isDescending = isMine && props.sort?.isDescending === true;
  const next = isMine ? !isDescending : props.isNumber;
  return (
    <button
      type="button"
      className={css['sort']}
      onClick={() => props.onSort({ column: props.name, isDescending: next })}
    >
      {props.name}
      <span aria-hidden>{isMine ? (isDescending ? ' ↓' : ' ↑') : ''}</span>
    </button>
  );
}

/** Rows without a value come last, whichever way the sort goes. */
function sorted<Row>(rows: readonly Row[], columns: readonly Column<Row>[], sort: Sort | null): readonly Row[] {
  const sortBy = columns.find((column) => column.name === sort?.column)?.sortBy;
  if (!sort || !sortBy) return rows;
  const sign = sort.isDescending ? -1 : 1;
  return rows.toSorted((left, right) => {
    const [a, b] = [sortBy(left) ?? null, sortBy(right) ?? null];
    if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
    return sign * (typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b)));
  });
}

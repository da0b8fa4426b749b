import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, type KeyboardEvent, type ReactNode } from 'react';
import css from './virtual-table.module.css';

const ROW_PX = 34;
const NEAR_END_ROWS = 20;

export interface VirtualColumn<Row> {
  readonly id: string;
  readonly name: string;
  readonly widthPx: number;
  readonly isNumber?: boolean;
  readonly sort?: 'ascending' | 'descending' | undefined;
  onSort?(): void;
  cell(row: Row): ReactNode;
}

/**
 * A long table: only the rows in sight are in the page. The first column stays in place. Up and down move between rows;
 * `onNearEnd` asks for more rows before they are reached.
 */
export function VirtualTable<Row>(props: {
  caption: string;
  columns: readonly VirtualColumn<Row>[];
  rows: readonly Row[];
  /** All rows there are, where it is known. */
  total?: number | undefined;
  keyOf(row: Row): string;
  onNearEnd(): void;
}) {
  const scroller = useRef<HTMLDivElement>(null);
  const { rows, onNearEnd } = props;
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 8,
    getItemKey: (index) => {
      const row = rows[index];
      return row === undefined ? index : props.keyOf(row);
    },
  });
  const items = virtual.getVirtualItems();
  const lastShown = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (lastShown >= rows.length - NEAR_END_ROWS) onNearEnd();
  }, [lastShown, rows.length, onNearEnd]);

  const template = props.columns.map((column) => `${column.widthPx}px`).join(' ');
  const widthPx = props.columns.reduce((sum, column) => sum + column.widthPx, 0);
  const style = { gridTemplateColumns: `${template} 1fr`, minWidth: widthPx };
  const onKeyDown = (event: KeyboardEvent<HTMLElement>): void => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    const from = (event.target as HTMLElement).closest<HTMLElement>('[data-row]')?.dataset['row'];
    if (step === 0 || from === undefined) return;
    event.preventDefault();
    const next = Math.min(rows.length - 1, Math.max(0, Number(from) + step));
    virtual.scrollToIndex(next);
    requestAnimationFrame(() =>
      scroller.current?.querySelector<HTMLElement>(`[data-row="${next}"] a, [data-row="${next}"] button`)?.focus(),
    );
  };
  return (
    <div
      ref={scroller}
      className={css['scroll']}
      role="grid"
      tabIndex={0}
      aria-label={props.caption}
      aria-rowcount={(props.total ?? rows.length) + 1}
      aria-colcount={props.columns.length}
      onKeyDown={onKeyDown}
    >
      <div className={css['head']} role="row" aria-rowindex={1} style={style}>
        {props.columns.map((column) => (
          <HeadCell key={column.id} column={column} />
        ))}
      </div>
      <div role="rowgroup" className={css['rows']} style={{ height: virtual.getTotalSize(), minWidth: widthPx }}>
        {items.map((item) => {
          const row = rows[item.index];
          if (row === undefined) return null;
          return (
            <div
              key={item.key}
              role="row"
              data-row={item.index}
              aria-rowindex={item.index + 2}
              className={css['row']}
              style={{ ...style, height: ROW_PX, transform: `translateY(${item.start}px)` }}
            >
              {props.columns.map((column) => (
                <div key={column.id} role="gridcell" className={column.isNumber ? css['number'] : undefined}>
                  {column.cell(row)}
                </div>
              ))}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function HeadCell<Row>({ column }: { column: VirtualColumn<Row> }) {
  return (
    <div
      role="columnheader"
      className={column.isNumber ? css['number'] : undefined}
      title={column.name}
      {...(column.sort && { 'aria-sort': column.sort })}
    >
      {column.onSort ? (
        <button type="button" onClick={() => column.onSort?.()}>
          {column.name}
          {column.sort && <span aria-hidden>{column.sort === 'descending' ? ' ↓' : ' ↑'}</span>}
        </button>
      ) : (
        column.name
      )}
    </div>
  );
}

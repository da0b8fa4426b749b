import { useVirtualizer, type VirtualItem } from '@tanstack/react-virtual';
import {
  memo,
  useCallback,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
  type KeyboardEvent,
  type ReactNode,
} from 'react';
import css from './grid.module.css';
import { HeadCell } from './grid-head.tsx';

const ROW_PX = 34;
const NEAR_END_ROWS = 40;
const PAGE_ROWS = 15;
/** At most so often is it told what is in sight: who is told draws all rows anew. */
const SIGHT_MS = 120;

export interface GridColumn {
  readonly id: string;
  readonly name: string;
  /** Smaller, above the name: where a long name has parts. */
  readonly prefix?: string;
  readonly widthPx: number;
  readonly isNumber?: boolean;
  /** `rank`, from 1, where the rows are ordered by several. */
  readonly sort?: { readonly direction: 'ascending' | 'descending'; readonly rank?: number } | undefined;
  /** Given where the rows can be ordered by it: alone, or besides those before it. */
  onSort?(isAdding: boolean): void;
  /** Given where it can take the place of another column that can be moved too. */
  onMoveTo?(column: string): void;
  /** Given where its width can be changed. */
  onResize?(widthPx: number): void;
  /** Stands in the head beside the name. */
  readonly extra?: ReactNode;
}

/** What of the table is in sight: rows from `first` to `last`, and ids of columns that scroll. */
export interface InSight {
  readonly first: number;
  readonly last: number;
  readonly columns: readonly string[];
}

interface GridProps {
  readonly caption: string;
  /** Stay in place at the left. */
  readonly pinned: readonly GridColumn[];
  readonly columns: readonly GridColumn[];
  /** Rows that can be drawn. */
  readonly rows: number;
  /** All rows there are, where it is known. */
  readonly total?: number | undefined;
  keyOf(row: number): string;
  /** `tabIndex` is for the control inside, if there is one: the grid has one place in the order of the Tab key. */
  cell(row: number, column: string, tabIndex: number): ReactNode;
  isChosen?(row: number): boolean;
  onNearEnd(): void;
  onSight?(sight: InSight): void;
  /** A key that the grid itself does not take, on a row. */
  onRowKey?(row: number, key: string): boolean;
  /** Set once the rows are there: for tests and measurements. */
  readonly isReady: boolean;
}

interface Place {
  readonly row: number;
  readonly column: number;
}

/**
 * A table of any length and width: only rows and columns in sight are in the page. Arrow keys, Home, End and Page keys
 * move between cells; row -1 is the head.
 */
export function Grid(props: GridProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const { rows, pinned, columns, onNearEnd, onSight } = props;
  const pinnedPx = pinned.reduce((sum, column) => sum + column.widthPx, 0);
  const vertical = useVirtualizer({
    count: rows,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 6,
    scrollPaddingStart: 42,
    getItemKey: (index) => props.keyOf(index),
  });
  const horizontal = useVirtualizer({
    horizontal: true,
    count: columns.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => columns[index]?.widthPx ?? 100,
    overscan: 2,
    scrollMargin: pinnedPx,
    scrollPaddingStart: pinnedPx,
    getItemKey: (index) => columns[index]?.id ?? index,
  });
  const widths = columns.map((column) => column.widthPx).join(' ');
  useLayoutEffect(() => horizontal.measure(), [horizontal, widths]);

  const rowItems = vertical.getVirtualItems();
  const columnItems = horizontal.getVirtualItems();
  const first = rowItems[0]?.index ?? 0;
  const last = rowItems.at(-1)?.index ?? 0;
  const shown = columnItems.map((item) => columns[item.index]?.id ?? '').join('\n');
  useEffect(() => {
    if (rows > 0 && last >= rows - NEAR_END_ROWS) onNearEnd();
  }, [last, rows, onNearEnd]);
  const toldAt = useRef(-Infinity);
  useEffect(() => {
    const tell = (): void => {
      toldAt.current = performance.now();
      onSight?.({ first, last, columns: shown === '' ? [] : shown.split('\n') });
    };
    const waitMs = toldAt.current + SIGHT_MS - performance.now();
    if (waitMs <= 0) {
      tell();
      return undefined;
    }
    const timer = setTimeout(tell, waitMs);
    return () => clearTimeout(timer);
  }, [first, last, shown, onSight]);

  const [active, setActive] = useState<Place>({ row: -1, column: 0 });
  const all = [...pinned, ...columns];
  const move = (to: Place): void => {
    const row = Math.max(-1, Math.min(rows - 1, to.row));
    const column = Math.max(0, Math.min(all.length - 1, to.column));
    setActive({ row, column });
    if (row >= 0) vertical.scrollToIndex(row);
    if (column >= pinned.length) horizontal.scrollToIndex(column - pinned.length);
    // Drawn by the second frame at the latest; then it can take the focus.
    requestAnimationFrame(() => requestAnimationFrame(() => focusCell(scroller.current, row, column)));
  };
  const onKeyDown = (event: KeyboardEvent<HTMLElement>): void => {
    const { target } = event;
    if (target instanceof HTMLInputElement && target.type !== 'checkbox') return;
    if (target instanceof HTMLSelectElement) return;
    const to = nextPlace(event, active, rows);
    if (to) move(to);
    else if (active.row < 0 || !props.onRowKey?.(active.row, event.key)) return;
    event.preventDefault();
  };
  const widthPx = pinnedPx + horizontal.getTotalSize();
  const onActive = useCallback((row: number, column: number): void => {
    setActive((was) => (was.row === row && was.column === column ? was : { row, column }));
  }, []);
  const headPlace = (column: number) => placeOf(-1, column, active.row === -1 && active.column === column, onActive);
  return (
    <div
      ref={scroller}
      className={css['scroll']}
      role="grid"
      // The cell one left is the grid's stop; where it is not drawn, the grid itself is.
      tabIndex={active.row >= 0 && (active.row < first || active.row > last) ? 0 : -1}
      aria-label={props.caption}
      aria-rowcount={(props.total ?? rows) + 1}
      aria-colcount={all.length}
      aria-multiselectable={props.isChosen ? true : undefined}
      data-ready={props.isReady}
      onKeyDown={onKeyDown}
    >
      <div className={css['head']} role="row" aria-rowindex={1} style={{ width: widthPx }}>
        <div className={css['pinned']} style={{ width: pinnedPx }} role="presentation">
          {pinned.map((column, index) => (
            <HeadCell key={column.id} column={column} index={index} place={headPlace(index)} />
          ))}
        </div>
        {columnItems.map((item) => {
          const column = columns[item.index];
          const index = pinned.length + item.index;
          return (
            column && (
              <HeadCell
                key={column.id}
                column={column}
                index={index}
                place={headPlace(index)}
                leftPx={item.start}
                left={movable(columns[item.index - 1])}
                right={movable(columns[item.index + 1])}
                onMoved={(to) => move({ row: -1, column: pinned.length + columns.findIndex(({ id }) => id === to) })}
              />
            )
          );
        })}
      </div>
      <div role="rowgroup" className={css['rows']} style={{ height: vertical.getTotalSize(), width: widthPx }}>
        {rowItems.map((item) => (
          <GridRow
            key={item.key}
            row={item.index}
            topPx={item.start}
            widthPx={widthPx}
            pinned={pinned}
            pinnedPx={pinnedPx}
            columns={columns}
            columnItems={columnItems}
            isChosen={props.isChosen?.(item.index)}
            activeColumn={active.row === item.index ? active.column : undefined}
            onActive={onActive}
            cell={props.cell}
          />
        ))}
      </div>
    </div>
  );
}

function placeOf(row: number, column: number, isActive: boolean, onActive: (row: number, column: number) => void) {
  return { 'data-cell': `${row}:${column}`, tabIndex: isActive ? 0 : -1, onFocus: () => onActive(row, column) };
}

interface GridRowProps {
  readonly row: number;
  readonly topPx: number;
  readonly widthPx: number;
  readonly pinned: readonly GridColumn[];
  readonly pinnedPx: number;
  readonly columns: readonly GridColumn[];
  /** Those of `columns` that are drawn. */
  readonly columnItems: readonly VirtualItem[];
  readonly isChosen: boolean | undefined;
  readonly activeColumn: number | undefined;
  onActive(row: number, column: number): void;
  cell(row: number, column: string, tabIndex: number): ReactNode;
}

/** Remembered: while the table scrolls, only rows that come into sight are made. */
const GridRow = memo(function GridRow(props: GridRowProps) {
  const { row, pinned, columns, activeColumn, onActive } = props;
  return (
    <div
      role="row"
      data-row={row}
      aria-rowindex={row + 2}
      aria-selected={props.isChosen}
      className={css['row']}
      style={{ height: ROW_PX, width: props.widthPx, transform: `translateY(${props.topPx}px)` }}
    >
      <div className={css['pinned']} style={{ width: props.pinnedPx }} role="presentation">
        {pinned.map((column, index) => {
          const at = placeOf(row, index, activeColumn === index, onActive);
          return (
            <div
              key={column.id}
              role="gridcell"
              aria-colindex={index + 1}
              className={css['cell']}
              style={{ width: column.widthPx }}
              {...at}
            >
              {props.cell(row, column.id, at.tabIndex)}
            </div>
          );
        })}
      </div>
      {props.columnItems.map((item) => {
        const column = columns[item.index];
        if (!column) return null;
        const index = pinned.length + item.index;
        const at = placeOf(row, index, activeColumn === index, onActive);
        return (
          <div
            key={column.id}
            role="gridcell"
            aria-colindex={index + 1}
            className={`${css['cell']} ${css['placed']} ${column.isNumber ? css['number'] : ''}`}
            style={{ left: item.start, width: column.widthPx }}
            {...at}
          >
            {props.cell(row, column.id, at.tabIndex)}
          </div>
        );
      })}
    </div>
  );
});

const movable = (column: GridColumn | undefined): string | undefined => (column?.onMoveTo ? column.id : undefined);

function nextPlace(event: KeyboardEvent, { row, column }: Place, rows: number): Place | undefined {
  if (event.altKey) return undefined;
  const isFar = event.ctrlKey || event.metaKey;
  switch (event.key) {
    case 'ArrowDown':
      return { row: row + 1, column };
    case 'ArrowUp':
      return { row: row - 1, column };
    case 'ArrowRight':
      return { row, column: column + 1 };
    case 'ArrowLeft':
      return { row, column: column - 1 };
    case 'PageDown':
      return { row: row + PAGE_ROWS, column };
    case 'PageUp':
      return { row: Math.max(0, row - PAGE_ROWS), column };
    case 'Home':
      return { row: isFar ? 0 : row, column: 0 };
    case 'End':
      return { row: isFar ? rows - 1 : row, column: Number.MAX_SAFE_INTEGER };
    default:
      return undefined;
  }
}

/** The control in a cell, else the cell itself. */
function focusCell(scroller: HTMLElement | null, row: number, column: number): void {
  const cell = scroller?.querySelector<HTMLElement>(`[data-cell="${row}:${column}"]`);
  const control = cell?.querySelector<HTMLElement>('a, button, input');
  (control ?? cell)?.focus({ preventScroll: true });
}

import { useState, type KeyboardEvent, type PointerEvent } from 'react';
import css from './grid.module.css';
import type { GridColumn } from './grid.tsx';

const LEAST_PX = 60;
const MOST_PX = 900;
const STEP_PX = 20;
/** So far the pointer goes before a press is a move of the column, not a click on its name. */
const DRAG_PX = 6;
/** So near the edge of the table it scrolls along. */
const EDGE_PX = 48;

interface HeadCellProps {
  readonly column: GridColumn;
  /** From 0, pinned columns included. */
  readonly index: number;
  readonly place: { readonly tabIndex: number; onFocus(): void };
  /** Where it stands; absent for a pinned one. */
  readonly leftPx?: number;
  /** Ids of its neighbours whose place it may take. */
  readonly left?: string | undefined;
  readonly right?: string | undefined;
  /** After it took the place of another by the keyboard. */
  onMoved?(place: string): void;
}

/**
 * Name of a column: a click sorts, with Shift besides what the rows are sorted by already. Dragging its edge, or Alt with
 * an arrow key, changes its width; dragging the name, or Shift and Alt with an arrow key, moves it.
 */
export function HeadCell({ column, index, place, leftPx, left, right, onMoved }: HeadCellProps) {
  const { onResize, onMoveTo, sort } = column;
  const [isDragged, setDragged] = useState(false);
  const resize = (widthPx: number): void => onResize?.(Math.max(LEAST_PX, Math.min(MOST_PX, Math.round(widthPx))));
  const onEdge = (event: PointerEvent<HTMLElement>): void => {
    event.preventDefault();
    event.stopPropagation();
    const from = event.clientX;
    follow(event, { onMove: ({ clientX }) => resize(column.widthPx + clientX - from) });
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (!event.altKey || (event.key !== 'ArrowRight' && event.key !== 'ArrowLeft')) return;
    event.preventDefault();
    event.stopPropagation();
    const isRight = event.key === 'ArrowRight';
    if (!event.shiftKey) {
      resize(column.widthPx + (isRight ? STEP_PX : -STEP_PX));
      return;
    }
    const to = isRight ? right : left;
    if (to === undefined || !onMoveTo) return;
    onMoveTo(to);
    onMoved?.(to);
  };
  return (
    <div
      role="columnheader"
      aria-colindex={index + 1}
      className={[
        css['cell'],
        leftPx === undefined ? '' : css['placed'],
        column.isNumber ? css['number'] : '',
        isDragged ? css['dragged'] : '',
      ].join(' ')}
      style={{ width: column.widthPx, ...(leftPx !== undefined && { left: leftPx }) }}
      title={`${column.prefix ?? ''}${column.name}`}
      {...(sort && { 'aria-sort': sort.direction })}
      {...(onMoveTo && { 'data-movable': column.id, 'aria-keyshortcuts': 'Alt+Shift+ArrowLeft Alt+Shift+ArrowRight' })}
      {...place}
      tabIndex={place.tabIndex}
      onKeyDown={onKeyDown}
      {...(onMoveTo && { onPointerDown: (event) => drag(event, column.id, onMoveTo, setDragged) })}
    >
      {column.prefix !== undefined && <small>{column.prefix}</small>}
      <span className={css['title']}>
        {column.onSort ? (
          <button type="button" tabIndex={-1} onClick={(event) => column.onSort?.(event.shiftKey)}>
            {column.name}
            {sort && <span aria-hidden>{sort.direction === 'descending' ? ' ↓' : ' ↑'}</span>}
            {sort?.rank !== undefined && <sub title={`Sorted by it as number ${sort.rank}`}>{sort.rank}</sub>}
          </button>
        ) : (
          column.name
        )}
        {column.extra}
      </span>
      {onResize && <span className={css['edge']} aria-hidden onPointerDown={onEdge} />}
    </div>
  );
}

/** The column takes the place of the one that the pointer is let go over. */
function drag(
  event: PointerEvent<HTMLElement>,
  column: string,
  onMoveTo: (column: string) => void,
  setDragged: (is: boolean) => void,
): void {
  if (event.button !== 0 || (event.target as Element).closest('select')) return;
  const head = event.currentTarget;
  const from = event.clientX;
  const scroller = head.closest('[role=grid]');
  let over: Element | null = null;
  let isDragging = false;
  const mark = (next: Element | null): void => {
    over?.removeAttribute('data-drop');
    over = next;
    over?.setAttribute('data-drop', (next?.getBoundingClientRect().left ?? 0) > from ? 'after' : 'before');
  };
  follow(event, {
    onMove({ clientX, clientY }) {
      if (!isDragging && Math.abs(clientX - from) < DRAG_PX) return;
      if (!isDragging) setDragged((isDragging = true));
      const box = scroller?.getBoundingClientRect();
      if (scroller && box && clientX > box.right - EDGE_PX) scroller.scrollLeft += EDGE_PX / 2;
      if (scroller && box && clientX < box.left + EDGE_PX) scroller.scrollLeft -= EDGE_PX / 2;
      const found = document.elementFromPoint(clientX, clientY)?.closest('[data-movable]') ?? null;
      mark(found !== head && scroller?.contains(found) ? found : null);
    },
    onEnd(isDropped) {
      const to = over?.getAttribute('data-movable');
      mark(null);
      if (!isDragging) return;
      setDragged(false);
      // The click that ends the drag is no sort.
      const clicked = new AbortController();
      head.addEventListener('click', (click) => click.stopPropagation(), { capture: true, signal: clicked.signal });
      setTimeout(() => clicked.abort());
      if (isDropped && to != null && to !== column) onMoveTo(to);
    },
  });
}

/** The pointer from here until it is let go, wherever it goes. */
function follow(
  event: PointerEvent<HTMLElement>,
  { onMove, onEnd }: { onMove(moved: globalThis.PointerEvent): void; onEnd?(isDropped: boolean): void },
): void {
  const ended = new AbortController();
  const { signal } = ended;
  const { pointerId } = event;
  const end = (at: globalThis.PointerEvent, isDropped: boolean): void => {
    if (at.pointerId !== pointerId) return;
    ended.abort();
    onEnd?.(isDropped);
  };
  addEventListener('pointermove', (moved) => moved.pointerId === pointerId && onMove(moved), { signal });
  addEventListener('pointerup', (up) => end(up, true), { signal });
  addEventListener('pointercancel', (cancelled) => end(cancelled, false), { signal });
}

import type { PointerEvent } from 'react';
import css from './grid.module.css';
import type { GridColumn } from './grid.tsx';

const LEAST_PX = 60;
const MOST_PX = 900;
const STEP_PX = 20;

interface HeadCellProps {
  readonly column: GridColumn;
  /** From 0, pinned columns included. */
  readonly index: number;
  readonly place: { readonly tabIndex: number; onFocus(): void };
  /** Where it stands; absent for a pinned one. */
  readonly leftPx?: number;
}

/** Name of a column: a click sorts, dragging its edge or Alt with an arrow key changes its width. */
export function HeadCell({ column, index, place, leftPx }: HeadCellProps) {
  const { onResize } = column;
  const resize = (widthPx: number): void => onResize?.(Math.max(LEAST_PX, Math.min(MOST_PX, Math.round(widthPx))));
  const onDrag = (event: PointerEvent<HTMLElement>): void => {
    event.preventDefault();
    const handle = event.currentTarget;
    const from = event.clientX;
    handle.setPointerCapture(event.pointerId);
    const onPointerMove = (moved: globalThis.PointerEvent): void => resize(column.widthPx + moved.clientX - from);
    const onEnd = (): void => {
      handle.removeEventListener('pointermove', onPointerMove);
      handle.removeEventListener('pointerup', onEnd);
    };
    handle.addEventListener('pointermove', onPointerMove);
    handle.addEventListener('pointerup', onEnd);
  };
  return (
    <div
      role="columnheader"
      aria-colindex={index + 1}
      className={`${css['cell']} ${leftPx === undefined ? '' : css['placed']} ${column.isNumber ? css['number'] : ''}`}
      style={{ width: column.widthPx, ...(leftPx !== undefined && { left: leftPx }) }}
      title={`${column.prefix ?? ''}${column.name}`}
      {...(column.sort && { 'aria-sort': column.sort })}
      {...place}
      tabIndex={place.tabIndex}
      onKeyDown={(event) => {
        if (!event.altKey || (event.key !== 'ArrowRight' && event.key !== 'ArrowLeft')) return;
        event.preventDefault();
        event.stopPropagation();
        resize(column.widthPx + (event.key === 'ArrowRight' ? STEP_PX : -STEP_PX));
      }}
    >
      {column.prefix !== undefined && <small>{column.prefix}</small>}
      <span className={css['title']}>
        {column.onSort ? (
          <button type="button" tabIndex={-1} onClick={() => column.onSort?.()}>
            {column.name}
            {column.sort && <span aria-hidden>{column.sort === 'descending' ? ' ↓' : ' ↑'}</span>}
          </button>
        ) : (
          column.name
        )}
        {column.extra}
      </span>
      {onResize && <span className={css['edge']} aria-hidden onPointerDown={onDrag} />}
    </div>
  );
}

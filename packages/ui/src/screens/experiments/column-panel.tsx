import { useVirtualizer } from '@tanstack/react-virtual';
import { useDeferredValue, useMemo, useRef, useState } from 'react';
import { Button } from '../../design/button.tsx';
import { count } from '../../design/format.ts';
import { Toggle } from '../../design/field.tsx';
import { Row } from '../../design/page.tsx';
import css from './column-panel.module.css';
import { keyOf, kindOf, splitKey, type ColumnKind } from './columns.ts';
import { moved } from './view.ts';

const LINE_PX = 28;

type Line =
  | { readonly kind: 'folder'; readonly id: string; readonly label: string; readonly columns: readonly string[] }
  | { readonly kind: 'column'; readonly column: string; readonly label: string };

const titles: Record<ColumnKind, string> = { metrics: 'Metrics', params: 'Params', tags: 'Tags' };

/** Which metrics, params and tags are columns, and in which order: a tree of their prefixes, or what a search finds. */
export function ColumnPanel(props: {
  available: readonly string[];
  chosen: readonly string[];
  /** Those whose values differ among the runs looked at; absent while unknown. */
  differing: ReadonlySet<string> | undefined;
  onChoose(columns: readonly string[]): void;
}) {
  const { available, onChoose } = props;
  const [isOrder, setOrder] = useState(false);
  const [text, setText] = useState('');
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const wanted = useDeferredValue(text.trim().toLowerCase());
  const chosen = useMemo(() => new Set(props.chosen), [props.chosen]);
  const lines = useMemo(
    () =>
      isOrder ? foundIn(props.chosen, wanted) : wanted === '' ? treeOf(available, open) : foundIn(available, wanted),
    [available, open, wanted, isOrder, props.chosen],
  );
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_PX,
    overscan: 8,
  });
  const choose = (columns: readonly string[], isChosen: boolean): void => {
    const others = new Set(columns);
    onChoose(
      isChosen
        ? [...props.chosen, ...columns.filter((column) => !chosen.has(column))]
        : props.chosen.filter((column) => !others.has(column)),
    );
  };
  const { differing } = props;
  return (
    <>
      <input
        type="search"
        className={css['find']}
        aria-label="Find a column"
        placeholder={`Find among ${count(available.length)}`}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <div ref={scroller} className={css['list']} tabIndex={-1}>
        <div style={{ height: virtual.getTotalSize(), position: 'relative' }}>
          {virtual.getVirtualItems().map((item) => {
            const line = lines[item.index];
            if (!line) return null;
            const columns = line.kind === 'folder' ? line.columns : [line.column];
            const marked = columns.filter((column) => chosen.has(column)).length;
            return (
              <div
                key={line.kind === 'folder' ? line.id : line.column}
                className={css['line']}
                style={{ height: LINE_PX, transform: `translateY(${item.start}px)` }}
              >
                {line.kind === 'folder' && (
                  <button
                    type="button"
                    className={css['fold']}
                    aria-expanded={open.has(line.id)}
                    aria-label={`Columns in ${line.label}`}
                    onClick={() => setOpen(toggled(open, line.id))}
                  >
                    {open.has(line.id) ? '▾' : '▸'}
                  </button>
                )}
                <label className={line.kind === 'column' && wanted === '' && !isOrder ? css['inner'] : ''}>
                  <input
                    type="checkbox"
                    checked={marked === columns.length}
                    ref={(box) => {
                      if (box) box.indeterminate = marked > 0 && marked < columns.length;
                    }}
                    onChange={() => choose(columns, marked < columns.length)}
                  />
                  <span title={line.label}>{line.label}</span>
                  {line.kind === 'folder' && <small>{`${marked} of ${count(columns.length)}`}</small>}
                </label>
                {isOrder && line.kind === 'column' && (
                  <Movers columns={props.chosen} column={line.column} label={line.label} onMove={onChoose} />
                )}
              </div>
            );
          })}
        </div>
        {lines.length === 0 && <p>No column has that name.</p>}
      </div>
      <Row>
        <Toggle label="Only shown, in order" isOn={isOrder} onSet={setOrder} />
        <Button
          disabled={!differing || props.chosen.every((column) => differing.has(column))}
          onClick={() => onChoose(props.chosen.filter((column) => differing?.has(column)))}
        >
          Hide constant
        </Button>
        <Button disabled={props.chosen.length === 0} onClick={() => onChoose([])}>
          Hide all
        </Button>
        {!isOrder && wanted !== '' && lines.length > 0 && (
          <Button
            onClick={() =>
              choose(
                lines.flatMap((line) => (line.kind === 'column' ? [line.column] : [])),
                true,
              )
            }
          >
            {`Show the ${count(lines.length)}`}
          </Button>
        )}
      </Row>
    </>
  );
}

/** One place to the left and to the right in the table. */
function Movers({
  columns,
  column,
  label,
  onMove,
}: {
  columns: readonly string[];
  column: string;
  label: string;
  onMove(columns: readonly string[]): void;
}) {
  const at = columns.indexOf(column);
  const to = (place: number): void => onMove(moved(columns, column, columns[place] ?? column));
  return (
    <>
      <button
        type="button"
        className={css['fold']}
        disabled={at <= 0}
        aria-label={`Move ${label} left`}
        onClick={() => to(at - 1)}
      >
        ↑
      </button>
      <button
        type="button"
        className={css['fold']}
        disabled={at === columns.length - 1}
        aria-label={`Move ${label} right`}
        onClick={() => to(at + 1)}
      >
        ↓
      </button>
    </>
  );
}

function toggled(set: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const next = new Set(set);
  if (!next.delete(id)) next.add(id);
  return next;
}

function foundIn(available: readonly string[], wanted: string): Line[] {
  return available
    .filter((column) => column.toLowerCase().includes(wanted))
    .map((column) => ({ kind: 'column', column, label: `${titles[kindOf(column)]}: ${keyOf(column)}` }));
}

/** Prefixes as folders; what has none stands in a folder of its kind. */
function treeOf(available: readonly string[], open: ReadonlySet<string>): Line[] {
  const folders = new Map<string, { label: string; columns: string[] }>();
  for (const column of available) {
    const kind = kindOf(column);
    const [prefix] = splitKey(keyOf(column));
    const id = `${kind} ${prefix}`;
    const folder = folders.get(id) ?? { label: `${titles[kind]}${prefix && `: ${prefix}`}`, columns: [] };
    folder.columns.push(column);
    folders.set(id, folder);
  }
  return [...folders].flatMap(([id, { label, columns }]): Line[] => [
    { kind: 'folder', id, label, columns },
    ...(open.has(id)
      ? columns.map((column): Line => ({ kind: 'column', column, label: splitKey(keyOf(column))[1] }))
      : []),
  ]);
}

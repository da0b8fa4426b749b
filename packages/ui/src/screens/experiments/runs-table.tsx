import { Link } from '@tanstack/react-router';
import { useMemo, type ReactNode } from 'react';
import { useNow } from '../../app/api.ts';
import type { RunGroupReply } from '../../app/replies.ts';
import { count, figure } from '../../design/format.ts';
import { Grid, type GridColumn, type InSight } from '../../design/grid.tsx';
import { Time, Took } from '../../design/time.tsx';
import {
  concrete,
  fieldOf,
  isLessBetter,
  keyOf,
  metricOf,
  metricValues,
  splitKey,
  type MetricValue,
} from './columns.ts';
import { useRunCells } from './run-cells.ts';
import type { Line } from './run-lines.ts';
import { RunState } from './run-state.tsx';
import css from './runs-table.module.css';
import type { View } from './use-view.ts';
import { moved, nextSort, sortPlaceOf } from './view.ts';

const fixed = { mark: 36, name: 240, state: 156, started: 140, took: 100 } as const;
const INDENT_PX = 18;

interface TableProps {
  readonly view: View;
  readonly lines: readonly Line[];
  readonly total: number | undefined;
  readonly columns: readonly string[];
  /** Ids of runs. */
  readonly chosen: ReadonlySet<string>;
  readonly sight: InSight;
  readonly isReady: boolean;
  onChosen(chosen: ReadonlySet<string>): void;
  onOpen(line: string): void;
  onNearEnd(): void;
  onSight(sight: InSight): void;
}

/** Lines of runs and groups; only what is in sight is asked of the server. */
export function RunsTable(props: TableProps) {
  const { view, lines, columns, chosen, sight, onChosen } = props;
  const now = useNow();
  const seen = lines.slice(sight.first, sight.last + 1).flatMap((line) => (line.kind === 'run' ? [line.run.id] : []));
  const shown = sight.columns.filter((column) => column.includes('.'));
  const cells = useRunCells(view.asked.experimentIds[0] ?? '0', seen, shown);
  const choose = (id: string): void => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    onChosen(next);
  };
  const pinned = usePinned(view);
  const scrolling = useScrolling(view, columns);
  const isChosen = (index: number): boolean => {
    const line = lines[index];
    return line?.kind === 'run' && chosen.has(line.run.id);
  };
  const cell = (index: number, column: string, tabIndex: number): ReactNode => {
    const line = lines[index];
    if (!line) return null;
    if (line.kind === 'note') return column === 'name' ? <span className={css['note']}>{line.text}</span> : null;
    if (line.kind === 'group') {
      return (
        <GroupCell line={line} column={column} value={view.valueOf(column)} tabIndex={tabIndex} onOpen={props.onOpen} />
      );
    }
    const run = cells.get(line.run.id) ?? line.run;
    switch (column) {
      case 'mark':
        return (
          <input
            type="checkbox"
            tabIndex={tabIndex}
            aria-label={`Choose ${line.run.name}`}
            checked={chosen.has(line.run.id)}
            onChange={() => choose(line.run.id)}
          />
        );
      case 'name':
        return <NameCell line={line} tabIndex={tabIndex} onOpen={props.onOpen} />;
      case 'state':
        return <RunState run={run} now={now} />;
      case 'started':
        return <Time at={run.startTime} now={now} />;
      case 'took':
        return <Took from={run.startTime} to={run.liveness === 'lost' ? run.updatedAt : run.endTime} now={now} />;
      case 'user':
        return run.user;
      default:
        return column.startsWith('metrics.')
          ? figureOrNothing(metricOf(run, keyOf(column), view.valueOf(column)))
          : ((column.startsWith('params.') ? run.params : run.tags)[keyOf(column)] ?? '');
    }
  };
  return (
    <Grid
      caption="Runs"
      pinned={pinned}
      columns={scrolling}
      rows={lines.length}
      total={props.total}
      keyOf={(index) => lines[index]?.id ?? String(index)}
      cell={cell}
      isChosen={isChosen}
      onNearEnd={props.onNearEnd}
      onSight={props.onSight}
      isReady={props.isReady}
      onRowKey={(index, key) => {
        const line = lines[index];
        if (key === 'x' && line?.kind === 'run') choose(line.run.id);
        else if (key === 'o' && line && line.kind !== 'note') props.onOpen(line.id);
        else return false;
        return true;
      }}
    />
  );
}

const figureOrNothing = (value: number | 'NaN' | null | undefined): string => (value == null ? '' : figure(value));

function NameCell({
  line,
  tabIndex,
  onOpen,
}: {
  line: Line & { kind: 'run' };
  tabIndex: number;
  onOpen(id: string): void;
}) {
  return (
    <span className={css['name']} style={{ paddingLeft: line.depth * INDENT_PX }}>
      {line.children > 0 ? (
        <Fold
          isOpen={line.isOpen}
          label={`${count(line.children)} nested in ${line.run.name}`}
          onToggle={() => onOpen(line.id)}
        />
      ) : (
        <span className={css['nofold']} />
      )}
      <Link to="/runs/$run" params={{ run: line.run.id }} tabIndex={tabIndex}>
        {line.run.name || line.run.id}
      </Link>
      {line.children > 0 && <small>{count(line.children)}</small>}
    </span>
  );
}

function Fold({ isOpen, label, onToggle }: { isOpen: boolean; label: string; onToggle(): void }) {
  return (
    <button
      type="button"
      className={css['fold']}
      tabIndex={-1}
      aria-expanded={isOpen}
      aria-label={label}
      onClick={onToggle}
    >
      {isOpen ? '▾' : '▸'}
    </button>
  );
}

interface GroupCellProps {
  readonly line: Line & { kind: 'group' };
  readonly column: string;
  readonly value: MetricValue;
  readonly tabIndex: number;
  onOpen(id: string): void;
}

function GroupCell({ line, column, value, tabIndex, onOpen }: GroupCellProps) {
  if (column === 'name') {
    return (
      <span className={css['name']}>
        <button
          type="button"
          className={css['group']}
          tabIndex={tabIndex}
          aria-expanded={line.isOpen}
          onClick={() => onOpen(line.id)}
        >
          <span aria-hidden>{line.isOpen ? '▾' : '▸'}</span>
          {line.within.map((one) => `${one.key} = ${one.value ?? '(none)'}`).join(', ')}
        </button>
      </span>
    );
  }
  if (column === 'state') return `${count(line.group.runs)} ${line.group.runs === 1 ? 'run' : 'runs'}`;
  return column.startsWith('metrics.') ? <GroupFigure group={line.group} metric={keyOf(column)} value={value} /> : null;
}

function GroupFigure({ group, metric, value }: { group: RunGroupReply; metric: string; value: MetricValue }) {
  const figures = group.metrics[metric];
  if (!figures) return null;
  const { mean, min, max, std } = figures;
  const which = concrete(value, metric);
  const title = `mean ${figure(mean)}, min ${figure(min)}, max ${figure(max)}, std ${figure(std)}, count ${count(figures.count)}`;
  return (
    <span title={title}>
      {which === 'min' ? `min ${figure(min)}` : which === 'max' ? `max ${figure(max)}` : figure(mean)}
      {which === 'last' && std !== null && <small className={css['std']}>{` ± ${figure(std)}`}</small>}
    </span>
  );
}

function sortFacts({ search, set }: View, field: string): Pick<GridColumn, 'sort' | 'onSort'> {
  const sort = search.sort ?? [];
  return {
    sort: sortPlaceOf(sort, field),
    onSort: (isAdding) => set({ sort: nextSort(sort, field, isAdding) }, true),
  };
}

function usePinned(view: View): GridColumn[] {
  const { search, set } = view;
  return [
    { id: 'mark', name: '', widthPx: fixed.mark },
    {
      id: 'name',
      name: 'Run',
      widthPx: search.widths?.['name'] ?? fixed.name,
      onResize: (widthPx) => set({ widths: { ...search.widths, name: widthPx } }, true),
      ...sortFacts(view, 'attributes.run_name'),
    },
  ];
}

function useScrolling(view: View, columns: readonly string[]): GridColumn[] {
  return useMemo(() => {
    const { search, set } = view;
    const widthOf = (id: string, usual: number): Pick<GridColumn, 'widthPx' | 'onResize'> => ({
      widthPx: search.widths?.[id] ?? usual,
      onResize: (widthPx) => set({ widths: { ...search.widths, [id]: widthPx } }, true),
    });
    return [
      { id: 'state', name: 'State', ...widthOf('state', fixed.state) },
      {
        id: 'started',
        name: 'Started',
        ...widthOf('started', fixed.started),
        ...sortFacts(view, 'attributes.start_time'),
      },
      { id: 'took', name: 'Took', ...widthOf('took', fixed.took) },
      ...columns.map((column): GridColumn => {
        const key = keyOf(column);
        const [prefix, name] = splitKey(key);
        const isMetric = column.startsWith('metrics.');
        const usual = Math.min(
          240,
          // A group's figure has its spread beside it.
          Math.max(
            isMetric ? (view.by.length > 0 ? 170 : 130) : 100,
            Math.max(name.length, prefix.length) * 8 + (isMetric ? 92 : 32),
          ),
        );
        return {
          id: column,
          name,
          ...(prefix !== '' && { prefix }),
          ...widthOf(column, usual),
          isNumber: isMetric,
          ...sortFacts(view, fieldOf(column)),
          onMoveTo: (to) => set({ columns: [...moved(columns, column, to)], differing: undefined }, true),
          ...(isMetric && { extra: <ValueChoice view={view} column={column} /> }),
        };
      }),
      { id: 'user', name: 'By', ...widthOf('user', 110) },
    ];
  }, [view, columns]);
}

/** Which value of a metric its column shows. */
function ValueChoice({ view, column }: { view: View; column: string }) {
  const key = keyOf(column);
  return (
    <select
      className={css['value']}
      tabIndex={-1}
      aria-label={`Value of ${key}`}
      value={view.valueOf(column)}
      onChange={(event) => {
        const value = metricValues.find((one) => one === event.target.value) ?? 'last';
        const { [column]: _, ...others } = view.search.values ?? {};
        view.set({ values: value === 'last' ? others : { ...others, [column]: value } }, true);
      }}
    >
      <option value="last">last</option>
      <option value="min">min</option>
      <option value="max">max</option>
      <option value="best">{isLessBetter(key) ? 'best ↓' : 'best ↑'}</option>
    </select>
  );
}

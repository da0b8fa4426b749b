import { Link } from '@tanstack/react-router';
import { useMemo, type ReactNode } from 'react';
import type { RunSummary } from '../../../app/replies.ts';
import { figure, percent } from '../../../design/format.ts';
import { Grid, type GridColumn } from '../../../design/grid.tsx';
import { Empty } from '../../../design/page.tsx';
import type { Drawn } from '../charts/series.ts';
import { compareRows, deltaOf, type CompareRow } from './facts.ts';
import css from './compare-table.module.css';

interface CompareTableProps {
  readonly runs: readonly RunSummary[];
  readonly drawn: readonly Drawn[];
  readonly base: RunSummary;
  readonly isDiffering: boolean;
}

type Line = { readonly title: string } | CompareRow;

/** What was logged as rows, runs as columns; metrics with how far they are from the baseline. */
export function CompareTable({ runs, drawn, base, isDiffering }: CompareTableProps) {
  const lines = useMemo(() => linesOf(compareRows(runs), isDiffering), [runs, isDiffering]);
  const baseAt = runs.findIndex((run) => run.id === base.id);
  const columns = runs.map((run): GridColumn => ({
    id: run.id,
    name: '',
    ...(run.id === base.id && { prefix: 'baseline' }),
    widthPx: 190,
    extra: <RunHead drawn={drawn.find(({ id }) => id === run.id)} run={run} />,
  }));
  if (lines.length === 0) {
    return (
      <Empty title="No difference">
        These runs have the same params, metrics and tags. Switch “Only differences” off to see them.
      </Empty>
    );
  }
  const cell = (row: number, column: string): ReactNode => {
    const line = lines[row];
    if (!line) return null;
    if ('title' in line) return column === 'key' ? <strong>{line.title}</strong> : null;
    if (column === 'key') return <code title={line.key}>{line.key}</code>;
    const index = runs.findIndex((run) => run.id === column);
    return (
      <ValueCell row={line} value={line.values[index]} base={index === baseAt ? undefined : line.values[baseAt]} />
    );
  };
  return (
    <Grid
      caption="Runs side by side"
      pinned={[{ id: 'key', name: 'Logged', widthPx: 260 }]}
      columns={columns}
      rows={lines.length}
      keyOf={(row) => {
        const line = lines[row];
        return line === undefined ? String(row) : 'title' in line ? line.title : `${line.section} ${line.key}`;
      }}
      cell={cell}
      onNearEnd={nothing}
      onSight={nothing}
      isReady
    />
  );
}

const nothing = (): void => undefined;

function RunHead({ run, drawn }: { run: RunSummary; drawn: Drawn | undefined }) {
  return (
    <span className={css['run']}>
      <span className={css['swatch']} style={{ background: `var(--data-${(drawn?.hue ?? 0) + 1})` }} />
      <Link to="/runs/$run" params={{ run: run.id }} tabIndex={-1}>
        {run.name || run.id}
      </Link>
    </span>
  );
}

function ValueCell({
  row,
  value,
  base,
}: {
  row: CompareRow;
  value: CompareRow['values'][number];
  base: CompareRow['values'][number];
}) {
  if (value === undefined) return <span className={css['none']}>–</span>;
  if (typeof value === 'string') {
    return (
      <span className={row.isDifferent ? css['different'] : undefined} title={value}>
        {value}
      </span>
    );
  }
  const delta = row.section === 'Metrics' ? deltaOf(row.key, value, base) : undefined;
  if (!delta) return <span>{figure(value)}</span>;
  const sign = delta.by > 0 ? '+' : '−';
  const far = delta.share === undefined ? figure(Math.abs(delta.by)) : percent(Math.abs(delta.share));
  return (
    <span
      title={`${sign}${figure(Math.abs(delta.by))} from the baseline: ${delta.isBetter ? 'better' : 'worse'}, as far as its name tells`}
    >
      {figure(value)}{' '}
      <small
        className={delta.isBetter ? css['better'] : css['worse']}
      >{`${delta.by > 0 ? '▲' : '▼'} ${sign}${far}`}</small>
    </span>
  );
}

function linesOf(rows: readonly CompareRow[], isDiffering: boolean): Line[] {
  const shown = rows.filter((row) => !isDiffering || row.isDifferent);
  return (['Run', 'Params', 'Metrics', 'Tags'] as const).flatMap((section): Line[] => {
    const inside = shown.filter((row) => row.section === section);
    return inside.length === 0 ? [] : [{ title: section }, ...inside];
  });
}

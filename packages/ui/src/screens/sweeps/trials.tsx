import { Link } from '@tanstack/react-router';
import { memo, useDeferredValue, useMemo, useState } from 'react';
import { useNow } from '../../app/api.ts';
import type { SweepReply } from '../../app/replies.ts';
import { Button } from '../../design/button.tsx';
import { count, figure } from '../../design/format.ts';
import { Empty, Quiet, Row, Section } from '../../design/page.tsx';
import { isInside, ParallelLines, type Brushes } from '../../design/parallel.tsx';
import { Table } from '../../design/table.tsx';
import { Took } from '../../design/time.tsx';
import { SweepState } from './sweep-state.tsx';
import css from './sweep.module.css';
import { colourOf, dimensionsOf, shadeOf, valueText } from './trial-facts.ts';

/** The trials as lines over parameters and metric, and as a table of those in the chosen stretches. */
export function Trials({ sweep }: { sweep: SweepReply }) {
  const [brushes, setBrushes] = useState<Brushes>(new Map());
  const dimensions = useMemo(() => dimensionsOf(sweep), [sweep]);
  const lines = useMemo(() => {
    const colour = colourOf(sweep);
    return sweep.items.map((trial) => ({
      id: String(trial.number),
      label: `trial ${trial.number}: ${trial.value === null ? trial.state : figure(trial.value)}`,
      colour: colour(trial),
    }));
  }, [sweep]);
  // The table may come after the lines while somebody drags.
  const chosen = useDeferredValue(brushes);
  const rows = useMemo(
    () => sweep.items.filter((_, index) => isInside(dimensions, chosen, index)),
    [sweep, dimensions, chosen],
  );
  if (sweep.items.length === 0)
    return <Empty title="No trial yet">The first ones are decided on as soon as a worker is free.</Empty>;
  return (
    <>
      <Section title={`Parameters and ${sweep.metric.name}`}>
        <Row>
          <Legend />
          {brushes.size > 0 && <Button onClick={() => setBrushes(new Map())}>Clear stretches</Button>}
          <Quiet>{`${count(rows.length)} of ${count(sweep.items.length)} trials inside`}</Quiet>
        </Row>
        <ParallelLines
          noun="trials"
          dimensions={dimensions}
          labelOf={(id) => id.slice(id.indexOf('.') + 1)}
          lines={lines}
          brushes={brushes}
          onBrushes={setBrushes}
        />
      </Section>
      <Section title="Trials" note={brushes.size > 0 ? 'those in the chosen stretches' : undefined}>
        <TrialTable sweep={sweep} rows={rows} />
      </Section>
    </>
  );
}

function Legend() {
  const shades = [0, 0.25, 0.5, 0.75, 1].map(shadeOf).join(', ');
  return (
    <span className={css['legend']}>
      best
      <span className={css['shades']} style={{ background: `linear-gradient(to right, ${shades})` }} aria-hidden />
      worst
    </span>
  );
}

const TrialTable = memo(function TrialTable({ sweep, rows }: { sweep: SweepReply; rows: SweepReply['items'] }) {
  const now = useNow();
  const params = Object.keys(sweep.params);
  return (
    <Table
      caption="Trials"
      rows={rows}
      keyOf={(row) => row.number}
      columns={[
        {
          name: 'Trial',
          isNumber: true,
          sortBy: (row) => row.number,
          cell: (row) => (row.number === sweep.best?.number ? <strong>{`${row.number} · best`}</strong> : row.number),
        },
        { name: 'State', isWhole: true, sortBy: (row) => row.state, cell: (row) => <SweepState state={row.state} /> },
        {
          name: sweep.metric.name,
          isNumber: true,
          sortBy: (row) => row.value,
          cell: (row) => (row.value === null ? '' : figure(row.value)),
        },
        ...params.map((param) => ({
          name: param,
          isNumber: rows.every((row) => typeof row.params[param] === 'number'),
          sortBy: (row: SweepReply['items'][number]) => {
            const value = row.params[param];
            return typeof value === 'number' ? value : valueText(value);
          },
          cell: (row: SweepReply['items'][number]) => valueText(row.params[param]),
        })),
        {
          name: 'Took',
          isWhole: true,
          sortBy: (row) => (row.startedAt === null || row.endedAt === null ? null : row.endedAt - row.startedAt),
          cell: (row) => (row.startedAt === null ? '' : <Took from={row.startedAt} to={row.endedAt} now={now} />),
        },
        {
          name: 'Run',
          isWhole: true,
          cell: (row) =>
            row.pipelineRun === null ? (
              ''
            ) : (
              <Link to="/pipeline-runs/$run" params={{ run: row.pipelineRun }}>
                pipeline run
              </Link>
            ),
        },
        ...(rows.some((row) => row.reason !== null)
          ? [{ name: 'Why', cell: (row: SweepReply['items'][number]) => row.reason ?? '' }]
          : []),
      ]}
    />
  );
});

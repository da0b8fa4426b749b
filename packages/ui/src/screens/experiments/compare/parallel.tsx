import { useMemo, useState } from 'react';
import type { RunSummary } from '../../../app/replies.ts';
import { Button } from '../../../design/button.tsx';
import type { Dimension } from '../../../design/dimension.ts';
import { count } from '../../../design/format.ts';
import { Empty, Quiet, Row } from '../../../design/page.tsx';
import { isInside, ParallelLines, type Brushes } from '../../../design/parallel.tsx';
import { Popover } from '../../../design/popover.tsx';
import type { Drawn } from '../charts/series.ts';
import { keyOf } from '../columns.ts';
import { dimensionsOf } from './facts.ts';
import css from './parallel.module.css';

const FIRST_PARAMS = 4;
const FIRST_METRICS = 3;

interface ParallelProps {
  readonly runs: readonly RunSummary[];
  readonly drawn: readonly Drawn[];
  /** Ids of dimensions; the first few that differ by default. */
  readonly axes: readonly string[] | undefined;
  onAxes(axes: readonly string[] | undefined): void;
}

/** A line for each run across its params and metrics. */
export function Parallel({ runs, drawn, axes, onAxes }: ParallelProps) {
  const dimensions = useMemo(() => dimensionsOf(runs), [runs]);
  const [brushes, setBrushes] = useState<Brushes>(new Map());
  const shown = (axes ?? firstAxes(dimensions)).flatMap((id) => dimensions.filter((dimension) => dimension.id === id));
  const inside = runs.filter((_, index) => isInside(shown, brushes, index));
  if (dimensions.length < 2)
    return <Empty title="Nothing to lay out">The runs differ in fewer than two params and metrics.</Empty>;
  return (
    <>
      <Row>
        <Popover label={`Axes (${shown.length} of ${count(dimensions.length)})`} name="Axes">
          <div className={css['axes']}>
            {dimensions.map(({ id }) => (
              <label key={id}>
                <input
                  type="checkbox"
                  checked={shown.some((one) => one.id === id)}
                  onChange={() => {
                    const ids = shown.map((one) => one.id);
                    onAxes(ids.includes(id) ? ids.filter((other) => other !== id) : [...ids, id]);
                  }}
                />
                {id}
              </label>
            ))}
          </div>
        </Popover>
        {brushes.size > 0 && <Button onClick={() => setBrushes(new Map())}>Clear stretches</Button>}
        <Quiet>{`${count(inside.length)} of ${count(runs.length)} runs inside`}</Quiet>
      </Row>
      <ParallelLines
        noun="runs"
        dimensions={shown}
        labelOf={keyOf}
        lines={runs.map(({ id, name }, index) => ({
          id,
          label: name,
          colour: `var(--data-${(drawn[index]?.hue ?? 0) + 1})`,
        }))}
        brushes={brushes}
        onBrushes={setBrushes}
      />
      <Quiet>
        {inside.length <= 12 && brushes.size > 0 && inside.length > 0
          ? `Inside: ${inside.map((run) => run.name).join(', ')}`
          : ''}
      </Quiet>
    </>
  );
}

function firstAxes(dimensions: readonly Dimension[]): string[] {
  const of = (kind: string, most: number): string[] =>
    dimensions
      .filter(
        ({ id, values }) =>
          id.startsWith(kind) && !id.includes('system/') && values.every((value) => value !== undefined),
      )
      .slice(0, most)
      .map(({ id }) => id);
  const full = [...of('params.', FIRST_PARAMS), ...of('metrics.', FIRST_METRICS)];
  return full.length >= 2 ? full : dimensions.slice(0, FIRST_PARAMS).map(({ id }) => id);
}

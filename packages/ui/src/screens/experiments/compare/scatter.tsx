import { useMemo } from 'react';
import { useNavigate } from '@tanstack/react-router';
import type { RunSummary } from '../../../app/replies.ts';
import { placeOf, scaleOf, type Dimension } from '../../../design/dimension.ts';
import { Choice } from '../../../design/field.tsx';
import { figure } from '../../../design/format.ts';
import { Empty, Row } from '../../../design/page.tsx';
import { Table } from '../../../design/table.tsx';
import type { Drawn } from '../charts/series.ts';
import { dimensionsOf } from './facts.ts';
import css from './scatter.module.css';

const WIDTH = 860;
const HEIGHT = 420;
const LEFT = 80;
const BOTTOM = 44;
const EDGE = 16;

interface ScatterProps {
  readonly runs: readonly RunSummary[];
  readonly drawn: readonly Drawn[];
  readonly across: string | undefined;
  readonly up: string | undefined;
  onSet(change: { across?: string; up?: string }): void;
}

/** Runs as points over two of what they differ in. */
export function Scatter({ runs, drawn, across, up, onSet }: ScatterProps) {
  const navigate = useNavigate();
  const dimensions = useMemo(() => dimensionsOf(runs), [runs]);
  const metrics = dimensions.filter(({ id }) => id.startsWith('metrics.'));
  const x = dimensions.find(({ id }) => id === across) ?? dimensions[0];
  const y = dimensions.find(({ id }) => id === up) ?? metrics.find((one) => one !== x) ?? dimensions[1];
  if (!x || !y) return <Empty title="Nothing to lay out">The runs differ in fewer than two params and metrics.</Empty>;
  const options = dimensions.map(({ id }) => ({ value: id, label: id }));
  const points = runs.flatMap((run, index) => {
    const [px, py] = [placeOf(x, x.values[index]), placeOf(y, y.values[index])];
    return px === undefined || py === undefined ? [] : [{ run, hue: drawn[index]?.hue ?? 0, px, py }];
  });
  return (
    <>
      <Row>
        <Choice label="Across" value={x.id} options={options} onChoose={(id) => onSet({ across: id })} />
        <Choice label="Up" value={y.id} options={options} onChoose={(id) => onSet({ up: id })} />
      </Row>
      {points.length === 0 ? (
        <Empty title="Nothing to draw">No run has both.</Empty>
      ) : (
        <svg
          className={css['plot']}
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          role="img"
          aria-label={`${points.length} runs: ${y.id} over ${x.id}`}
        >
          <Ticks dimension={x} isAcross />
          <Ticks dimension={y} />
          {points.map(({ run, hue, px, py }) => (
            <circle
              key={run.id}
              cx={acrossOf(x, px)}
              cy={upOf(y, py)}
              r={5.5}
              style={{ fill: `var(--data-${hue + 1})` }}
              className={css['point']}
              onClick={() => void navigate({ to: '/runs/$run', params: { run: run.id } })}
            >
              <title>{`${run.name}: ${x.id} ${shown(x, px)}, ${y.id} ${shown(y, py)}`}</title>
            </circle>
          ))}
          <text x={(LEFT + WIDTH) / 2} y={HEIGHT - 6} className={css['title']}>
            {x.id}
          </text>
          <text x={14} y={HEIGHT / 2} className={css['title']} transform={`rotate(-90 14 ${HEIGHT / 2})`}>
            {y.id}
          </text>
        </svg>
      )}
      <details>
        <summary>As a table</summary>
        <Table
          caption="Runs of the scatter plot"
          rows={points}
          keyOf={(point) => point.run.id}
          columns={[
            { name: 'Run', cell: (point) => point.run.name },
            { name: x.id, isNumber: true, sortBy: (point) => point.px, cell: (point) => shown(x, point.px) },
            { name: y.id, isNumber: true, sortBy: (point) => point.py, cell: (point) => shown(y, point.py) },
          ]}
        />
      </details>
    </>
  );
}

const shown = ({ words }: Dimension, place: number): string => words?.[place] ?? figure(place);

function acrossOf(dimension: Dimension, place: number): number {
  const { low, high } = scaleOf(dimension);
  return LEFT + EDGE + ((place - low) / (high - low)) * (WIDTH - LEFT - EDGE * 3);
}

function upOf(dimension: Dimension, place: number): number {
  const { low, high } = scaleOf(dimension);
  return HEIGHT - BOTTOM - EDGE - ((place - low) / (high - low)) * (HEIGHT - BOTTOM - EDGE * 2);
}

function Ticks({ dimension, isAcross = false }: { dimension: Dimension; isAcross?: boolean }) {
  const { low, high } = scaleOf(dimension);
  const places = dimension.words
    ? dimension.words.map((_, index) => index).slice(0, 12)
    : [0, 0.25, 0.5, 0.75, 1].map((share) => low + share * (high - low));
  return places.map((place) => {
    const at = isAcross ? acrossOf(dimension, place) : upOf(dimension, place);
    const label = shown(dimension, place);
    return (
      <g key={place}>
        <line
          className={css['grid']}
          {...(isAcross
            ? { x1: at, x2: at, y1: EDGE, y2: HEIGHT - BOTTOM }
            : { x1: LEFT, x2: WIDTH - EDGE, y1: at, y2: at })}
        />
        <text
          className={isAcross ? css['across'] : css['up']}
          x={isAcross ? at : LEFT - 6}
          y={isAcross ? HEIGHT - BOTTOM + 16 : at + 4}
        >
          {label.length > 14 ? `${label.slice(0, 13)}…` : label}
        </text>
      </g>
    );
  });
}

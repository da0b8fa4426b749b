import { useMemo, useState, type PointerEvent } from 'react';
import type { RunSummary } from '../../../app/replies.ts';
import { Button } from '../../../design/button.tsx';
import { count, figure } from '../../../design/format.ts';
import { Empty, Quiet, Row } from '../../../design/page.tsx';
import { Popover } from '../../../design/popover.tsx';
import type { Drawn } from '../charts/series.ts';
import { keyOf } from '../columns.ts';
import { dimensionsOf, placeOf, scaleOf, type Dimension } from './facts.ts';
import css from './parallel.module.css';

const HEIGHT = 380;
const TOP = 46;
const BOTTOM = 26;
const SIDE = 90;
/** Seven axes stand in a window of 1440 px. */
const GAP = 154;
const FIRST_PARAMS = 4;
const FIRST_METRICS = 3;

type Brushes = ReadonlyMap<string, readonly [number, number]>;

interface ParallelProps {
  readonly runs: readonly RunSummary[];
  readonly drawn: readonly Drawn[];
  /** Ids of dimensions; the first few that differ by default. */
  readonly axes: readonly string[] | undefined;
  onAxes(axes: readonly string[] | undefined): void;
}

/** A line for each run across its params and metrics. Dragging along an axis, or the fields below, choose a stretch. */
export function Parallel({ runs, drawn, axes, onAxes }: ParallelProps) {
  const dimensions = useMemo(() => dimensionsOf(runs), [runs]);
  const [brushes, setBrushes] = useState<Brushes>(new Map());
  const shown = (axes ?? firstAxes(dimensions)).flatMap((id) => dimensions.filter((dimension) => dimension.id === id));
  const isIn = (index: number): boolean =>
    [...brushes].every(([id, [low, high]]) => {
      const dimension = shown.find((one) => one.id === id);
      const place = dimension && placeOf(dimension, dimension.values[index]);
      return !dimension || (place !== undefined && place >= low && place <= high);
    });
  const inside = runs.filter((_, index) => isIn(index));
  const brush = (id: string, range: readonly [number, number] | null): void => {
    const next = new Map(brushes);
    if (range) next.set(id, range);
    else next.delete(id);
    setBrushes(next);
  };
  if (dimensions.length < 2)
    return <Empty title="Nothing to lay out">The runs differ in fewer than two params and metrics.</Empty>;
  const width = SIDE * 2 + GAP * Math.max(1, shown.length - 1);
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
      <div className={css['scroll']} tabIndex={0} role="group" aria-label="Parallel coordinates">
        <svg
          width={width}
          height={HEIGHT}
          viewBox={`0 0 ${width} ${HEIGHT}`}
          role="img"
          aria-label={`${count(runs.length)} runs over ${shown.map((one) => keyOf(one.id)).join(', ')}; ${count(inside.length)} inside the chosen stretches`}
        >
          {[false, true].map((isFront) =>
            runs.map((run, index) =>
              isIn(index) === isFront ? (
                <path
                  key={run.id}
                  className={isFront ? css['line'] : css['out']}
                  d={pathOf(shown, index)}
                  style={isFront ? { stroke: `var(--data-${(drawn[index]?.hue ?? 0) + 1})` } : {}}
                >
                  <title>{run.name}</title>
                </path>
              ) : null,
            ),
          )}
          {shown.map((dimension, at) => (
            <Axis
              key={dimension.id}
              dimension={dimension}
              x={SIDE + at * GAP}
              brush={brushes.get(dimension.id)}
              onBrush={(range) => brush(dimension.id, range)}
            />
          ))}
        </svg>
      </div>
      <details>
        <summary>Stretches as fields</summary>
        <div className={css['fields']}>
          {shown.map((dimension) => (
            <StretchFields
              key={dimension.id}
              dimension={dimension}
              brush={brushes.get(dimension.id)}
              onBrush={(range) => brush(dimension.id, range)}
            />
          ))}
        </div>
      </details>
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

function yOf(dimension: Dimension, place: number): number {
  const { low, high } = scaleOf(dimension);
  return HEIGHT - BOTTOM - ((place - low) / (high - low)) * (HEIGHT - TOP - BOTTOM);
}

/** A line that breaks where the run has no value. */
function pathOf(shown: readonly Dimension[], index: number): string {
  let isDown = false;
  return shown
    .map((dimension, at) => {
      const place = placeOf(dimension, dimension.values[index]);
      if (place === undefined) {
        isDown = false;
        return '';
      }
      const command = isDown ? 'L' : 'M';
      isDown = true;
      return `${command}${SIDE + at * GAP} ${yOf(dimension, place).toFixed(1)}`;
    })
    .join('');
}

interface AxisProps {
  readonly dimension: Dimension;
  readonly brush: readonly [number, number] | undefined;
  onBrush(range: readonly [number, number] | null): void;
}

function Axis({ dimension, x, brush, onBrush }: AxisProps & { x: number }) {
  const { low, high } = scaleOf(dimension);
  const { words } = dimension;
  const ticks = words
    ? words.map((word, index) => [index, word] as const).slice(0, 24)
    : [low, (low + high) / 2, high].map((at) => [at, figure(at)] as const);
  const placeAt = (event: PointerEvent<SVGRectElement>): number => {
    const box = event.currentTarget.getBoundingClientRect();
    const share = 1 - (event.clientY - box.top) / box.height;
    return low + Math.max(0, Math.min(1, share)) * (high - low);
  };
  const [from, setFrom] = useState<number | null>(null);
  const key = keyOf(dimension.id);
  return (
    <g>
      <text x={x} y={18} className={css['title']}>
        {key.length > 22 ? `…${key.slice(-21)}` : key}
        <title>{key}</title>
      </text>
      <line x1={x} x2={x} y1={TOP} y2={HEIGHT - BOTTOM} className={css['axis']} />
      {ticks.map(([at, label]) => (
        <text key={label} x={x + 7} y={yOf(dimension, at) + 4} className={css['tick']}>
          {label.length > 14 ? `${label.slice(0, 13)}…` : label}
        </text>
      ))}
      {brush && (
        <rect
          x={x - 7}
          width={14}
          y={yOf(dimension, brush[1])}
          height={Math.max(2, yOf(dimension, brush[0]) - yOf(dimension, brush[1]))}
          className={css['brush']}
        />
      )}
      <rect
        x={x - 12}
        width={24}
        y={TOP}
        height={HEIGHT - TOP - BOTTOM}
        className={css['hit']}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          setFrom(placeAt(event));
          onBrush(null);
        }}
        onPointerMove={(event) => {
          if (from === null) return;
          const to = placeAt(event);
          onBrush([Math.min(from, to), Math.max(from, to)]);
        }}
        onPointerUp={() => setFrom(null)}
      />
    </g>
  );
}

/** What dragging does, without dragging. */
function StretchFields({ dimension, brush, onBrush }: AxisProps) {
  const { low, high } = scaleOf(dimension);
  const key = keyOf(dimension.id);
  if (dimension.words) {
    const chosen = brush && brush[0] === brush[1] ? dimension.words[brush[0]] : '';
    return (
      <label>
        {key}
        <select
          value={chosen}
          onChange={(event) => {
            const at = dimension.words?.indexOf(event.target.value) ?? -1;
            onBrush(at < 0 ? null : [at, at]);
          }}
        >
          <option value="">any</option>
          {dimension.words.map((word) => (
            <option key={word}>{word}</option>
          ))}
        </select>
      </label>
    );
  }
  const set = (next: readonly [number, number]): void => onBrush(next[0] <= low && next[1] >= high ? null : next);
  return (
    <label>
      {key}
      <input
        type="number"
        step="any"
        aria-label={`${key} from`}
        value={brush?.[0] ?? low}
        onChange={(event) => set([Number(event.target.value), brush?.[1] ?? high])}
      />
      to
      <input
        type="number"
        step="any"
        aria-label={`${key} to`}
        value={brush?.[1] ?? high}
        onChange={(event) => set([brush?.[0] ?? low, Number(event.target.value)])}
      />
    </label>
  );
}

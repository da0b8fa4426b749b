import { memo, useMemo, useState, type PointerEvent } from 'react';
import { numberAt, placeOf, scaleOf, type Dimension } from './dimension.ts';
import { count, figure } from './format.ts';
import css from './parallel.module.css';

const HEIGHT = 380;
const TOP = 46;
const BOTTOM = 26;
const SIDE = 90;
/** Seven axes stand in a window of 1440 px. */
const GAP = 154;
/** Few axes stand apart: steep lines cannot be told from each other. */
const NARROWEST = 780;

/** Dragging may begin so far beyond the ends of an axis: it takes them in. */
const BEYOND = 10;
/** So many lines are drawn paler, so that one sees where most of them go. */
const CROWD = 150;

/** Chosen stretches, by id of the dimension: ends on its scale. */
export type Brushes = ReadonlyMap<string, readonly [number, number]>;

/** Whether what stands at a place of all dimensions lies in every chosen stretch. */
export function isInside(dimensions: readonly Dimension[], brushes: Brushes, index: number): boolean {
  return [...brushes].every(([id, [low, high]]) => {
    const dimension = dimensions.find((one) => one.id === id);
    const place = dimension && placeOf(dimension, dimension.values[index]);
    return !dimension || (place !== undefined && place >= low && place <= high);
  });
}

interface ParallelLinesProps {
  /** What the lines are, as `runs`. */
  readonly noun: string;
  readonly dimensions: readonly Dimension[];
  labelOf(id: string): string;
  /** In the order of the dimensions' values. */
  readonly lines: readonly { readonly id: string; readonly label: string; readonly colour: string }[];
  readonly brushes: Brushes;
  onBrushes(brushes: Brushes): void;
}

/** Parallel coordinates: a line for each thing. Dragging along an axis, or the fields below, choose a stretch. */
export function ParallelLines({ noun, dimensions, labelOf, lines, brushes, onBrushes }: ParallelLinesProps) {
  const inside = lines.map((_, index) => isInside(dimensions, brushes, index));
  const brush = (id: string, range: readonly [number, number] | null): void => {
    const next = new Map(brushes);
    if (range) next.set(id, range);
    else next.delete(id);
    onBrushes(next);
  };
  const gaps = Math.max(1, dimensions.length - 1);
  const gap = Math.max(GAP, (NARROWEST - SIDE * 2) / gaps);
  const width = SIDE * 2 + gap * gaps;
  const paths = useMemo(() => lines.map((_, index) => pathOf(dimensions, gap, index)), [lines, dimensions, gap]);
  const shown = inside.filter(Boolean).length;
  const isCrowded = shown > CROWD;
  return (
    <>
      <div className={css['scroll']} tabIndex={0} role="group" aria-label="Parallel coordinates">
        <svg
          width={width}
          height={HEIGHT}
          viewBox={`0 0 ${width} ${HEIGHT}`}
          role="img"
          aria-label={`${count(lines.length)} ${noun} over ${dimensions.map(({ id }) => labelOf(id)).join(', ')}; ${count(shown)} inside the chosen stretches`}
        >
          <Behind paths={paths} />
          {lines.map((line, index) => (
            <path
              key={line.id}
              className={`${css['line']} ${isCrowded ? css['crowded'] : ''}`}
              d={paths[index]}
              stroke={line.colour}
              display={inside[index] ? undefined : 'none'}
            >
              <title>{line.label}</title>
            </path>
          ))}
          {dimensions.map((dimension, at) => (
            <Axis
              key={dimension.id}
              dimension={dimension}
              label={labelOf(dimension.id)}
              x={SIDE + at * gap}
              brush={brushes.get(dimension.id)}
              onBrush={(range) => brush(dimension.id, range)}
            />
          ))}
        </svg>
      </div>
      <details>
        <summary className={css['summary']}>Stretches as fields</summary>
        <div className={css['fields']}>
          {dimensions.map((dimension) => (
            <StretchFields
              key={dimension.id}
              dimension={dimension}
              label={labelOf(dimension.id)}
              brush={brushes.get(dimension.id)}
              onBrush={(range) => brush(dimension.id, range)}
            />
          ))}
        </div>
      </details>
    </>
  );
}

/** All lines in grey, which are seen where a line is not inside. Drawn once, so that dragging changes little. */
const Behind = memo(function Behind({ paths }: { paths: readonly string[] }) {
  return (
    <g>
      {paths.map((path, index) => (
        <path key={index} className={css['out']} d={path} />
      ))}
    </g>
  );
});

function yOf(dimension: Dimension, place: number): number {
  const { low, high } = scaleOf(dimension);
  return HEIGHT - BOTTOM - ((place - low) / (high - low)) * (HEIGHT - TOP - BOTTOM);
}

/** A line that breaks where the run has no value. */
function pathOf(shown: readonly Dimension[], gap: number, index: number): string {
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
      return `${command}${SIDE + at * gap} ${yOf(dimension, place).toFixed(1)}`;
    })
    .join('');
}

interface AxisProps {
  readonly dimension: Dimension;
  readonly label: string;
  readonly brush: readonly [number, number] | undefined;
  onBrush(range: readonly [number, number] | null): void;
}

function Axis({ dimension, label: key, x, brush, onBrush }: AxisProps & { x: number }) {
  const { low, high } = scaleOf(dimension);
  const { words } = dimension;
  const ticks = words
    ? words.map((word, index) => [index, word] as const).slice(0, 24)
    : [low, (low + high) / 2, high].map((at) => [at, figure(numberAt(dimension, at))] as const);
  const placeAt = (event: PointerEvent<SVGRectElement>): number => {
    const box = event.currentTarget.getBoundingClientRect();
    const share = 1 - (event.clientY - box.top - BEYOND) / (box.height - 2 * BEYOND);
    return low + Math.max(0, Math.min(1, share)) * (high - low);
  };
  const [from, setFrom] = useState<number | null>(null);
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
        y={TOP - BEYOND}
        height={HEIGHT - TOP - BOTTOM + 2 * BEYOND}
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
function StretchFields({ dimension, label: key, brush, onBrush }: AxisProps) {
  const { low, high } = scaleOf(dimension);
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
        value={numberAt(dimension, brush?.[0] ?? low)}
        onChange={(event) => set([placeOf(dimension, Number(event.target.value)) ?? low, brush?.[1] ?? high])}
      />
      to
      <input
        type="number"
        step="any"
        aria-label={`${key} to`}
        value={numberAt(dimension, brush?.[1] ?? high)}
        onChange={(event) => set([brush?.[0] ?? low, placeOf(dimension, Number(event.target.value)) ?? high])}
      />
    </label>
  );
}

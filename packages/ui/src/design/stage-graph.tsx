import css from './stage-graph.module.css';
import { placeGraph } from './graph-places.ts';
import { StateIcon, type Tone } from './state.tsx';

export interface GraphStage {
  readonly name: string;
  /** Names of those whose outputs it reads. */
  readonly after: readonly string[];
  readonly tone: Tone;
  readonly word: string;
}

const WIDTH = 168;
const HEIGHT = 46;
const GAP_X = 36;
const GAP_Y = 14;

/** Stages from left to right, each behind those it reads from, with where it stands; one of them is chosen. */
export function StageGraph(props: {
  label: string;
  stages: readonly GraphStage[];
  chosen: string | undefined;
  onChoose(name: string): void;
}) {
  const { label, stages, chosen, onChoose } = props;
  const places = placeGraph(stages);
  const at = (name: string): { x: number; y: number } => {
    const { column, row } = places.get(name) ?? { column: 0, row: 0 };
    return { x: column * (WIDTH + GAP_X), y: row * (HEIGHT + GAP_Y) };
  };
  const columns = Math.max(0, ...[...places.values()].map(({ column }) => column)) + 1;
  const rows = Math.max(0, ...[...places.values()].map(({ row }) => row)) + 1;
  const [width, height] = [columns * (WIDTH + GAP_X) - GAP_X, rows * (HEIGHT + GAP_Y) - GAP_Y];
  return (
    <div className={css['graph']} tabIndex={0} role="group" aria-label={`Graph of ${label.toLowerCase()}`}>
      <div style={{ width, height }}>
        <svg width={width} height={height} aria-hidden>
          {stages.flatMap((stage) =>
            stage.after.map((name) => {
              const [from, to] = [at(name), at(stage.name)];
              const [x1, y1, x2, y2] = [from.x + WIDTH, from.y + HEIGHT / 2, to.x, to.y + HEIGHT / 2];
              const bend = Math.min(40, (x2 - x1) / 2);
              return (
                <path
                  key={`${name}\n${stage.name}`}
                  d={`M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`}
                />
              );
            }),
          )}
        </svg>
        <ol aria-label={label}>
          {stages.map((stage) => {
            const { x, y } = at(stage.name);
            return (
              <li key={stage.name} style={{ left: x, top: y, width: WIDTH, height: HEIGHT }}>
                <button
                  type="button"
                  aria-pressed={stage.name === chosen}
                  title={`${stage.name}: ${stage.word}`}
                  onClick={() => onChoose(stage.name)}
                >
                  <StateIcon tone={stage.tone} />
                  <span>
                    <b>{stage.name}</b>
                    <small>{stage.word}</small>
                  </span>
                </button>
              </li>
            );
          })}
        </ol>
      </div>
    </div>
  );
}

import { Link } from '@tanstack/react-router';
import css from './charts.module.css';
import { hues, type Drawn } from './series.ts';
import type { RunSummary } from '../../../app/replies.ts';

/** Runs as charts draw them, each with its colour. */
export function drawnOf(runs: readonly Pick<RunSummary, 'id' | 'name' | 'startTime' | 'liveness'>[]): Drawn[] {
  const colours = hues(runs.map((run) => run.id));
  return runs.map((run, index) => ({
    id: run.id,
    name: run.name || run.id,
    startTime: run.startTime,
    isRunning: run.liveness === 'running',
    hue: colours[index] ?? 0,
  }));
}

/** Which colour is which run. */
export function RunLegend({ runs }: { runs: readonly Drawn[] }) {
  return (
    <ul className={css['legend']} aria-label="Runs drawn">
      {runs.map((run) => (
        <li key={run.id}>
          <span className={css['swatch']} style={{ background: `var(--data-${run.hue + 1})` }} />
          <Link to="/runs/$run" params={{ run: run.id }}>
            {run.name}
          </Link>
        </li>
      ))}
    </ul>
  );
}

import type { Client } from '@capstan/client';
import { oneLine, table } from './terminal.ts';
import { durationText, timeText } from './time-text.ts';

type Sweep = Awaited<ReturnType<Client['sweeps']['get']>>;
type Summary = Awaited<ReturnType<Client['sweeps']['list']>>['items'][number];
type Trial = Sweep['items'][number];

export function sweepTable(sweeps: readonly Summary[]): string {
  return table(
    ['ID', 'PROJECT', 'SWEEP', 'STATE', 'METHOD', 'TRIALS', 'METRIC', 'BEST', 'BEGAN', 'TOOK'],
    sweeps.map((sweep) => [
      sweep.id,
      sweep.project,
      sweep.number,
      sweep.state,
      sweep.method,
      `${endedOf(sweep)}/${sweep.maxTrials}`,
      oneLine(sweep.metric.name),
      sweep.best?.value == null ? '' : figure(sweep.best.value),
      timeText(sweep.createdAt),
      sweep.startedAt === null ? '' : durationText(sweep.startedAt, sweep.endedAt),
    ]),
  );
}

/** `7 of 20 trials, 2 running, 1 failed; best log_loss 0.31 by trial 4`. */
export function progressText(sweep: Summary): string {
  const { running, failed, stopped } = sweep.trials;
  const more = [
    ...(running > 0 ? [`${running} running`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(stopped > 0 ? [`${stopped} stopped early`] : []),
  ];
  const counts = [`${endedOf(sweep)} of ${sweep.maxTrials} trials`, ...more].join(', ');
  const { best } = sweep;
  if (best?.value == null) return counts;
  return `${counts}; best ${oneLine(sweep.metric.name)} ${figure(best.value)} by trial ${best.number}`;
}

export function showSweep(sweep: Sweep): string {
  const { best } = sweep;
  const facts = [
    ['sweep', `${sweep.number} of ${sweep.project} (${sweep.id})`],
    ['state', sweep.reason === null ? sweep.state : `${sweep.state}: ${oneLine(sweep.reason, 300)}`],
    ['search', `${sweep.method}, ${sweep.metric.goal} ${oneLine(sweep.metric.name)}, seed ${sweep.seed}`],
    ['trials', progressText(sweep)],
    ['best', best === null ? '' : settings(best)],
    ['matters', sweep.importance.map(({ param, value }) => `${oneLine(param)} ${figure(value)}`).join(', ')],
  ].filter(([, value]) => value !== '');
  const params = Object.keys(sweep.params);
  const trials = table(
    ['TRIAL', 'STATE', 'VALUE', ...params.map((param) => oneLine(param)), 'TOOK', 'PIPELINE RUN', 'WHY'],
    sweep.items.map((trial) => [
      trial.number,
      trial.state,
      trial.value === null ? '' : figure(trial.value),
      ...params.map((param) => oneLine(String(trial.params[param] ?? 'null'))),
      trial.startedAt === null ? '' : durationText(trial.startedAt, trial.endedAt),
      trial.pipelineRun ?? '',
      oneLine(trial.reason ?? '', 80),
    ]),
  );
  return `${facts.map(([name = '', value = '']) => `${name.padEnd(8)} ${value}`).join('\n')}\n\n${trials}`;
}

/** The point of a trial as `capstan exp run` takes it. */
function settings({ params }: Trial): string {
  return Object.entries(params)
    .map(([param, value]) => `-S ${oneLine(param)}=${oneLine(JSON.stringify(value))}`)
    .join(' ');
}

function endedOf({ trials }: Summary): number {
  return trials.succeeded + trials.failed + trials.stopped + trials.cancelled;
}

function figure(value: number): string {
  return String(Number(value.toPrecision(6)));
}

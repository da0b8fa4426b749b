import type { Client } from '@capstan/client';
import { oneLine, table } from './terminal.ts';
import { durationText, timeText } from './time-text.ts';

type Run = Awaited<ReturnType<Client['pipelines']['get']>>;

/** A pipeline run for people: what it ran on, then a line for each stage. */
export function showPipelineRun(run: Run): string {
  const facts = [
    ['run', `${run.number} of ${run.project} (${run.id})`],
    ['state', run.status === 'running' ? `${run.status}: ${run.phase}` : run.status],
    ['why', run.reason ?? ''],
    ['retry of', run.retryOf ?? ''],
    ['anew from', run.forcedFrom ?? ''],
    ['code', codeText(run)],
    ['executor', run.executor],
    ['asked for', timeText(run.createdAt)],
    ['took', run.startedAt === null ? '' : durationText(run.startedAt, run.endedAt)],
    ['data', run.inputs.map(({ dataset, used, number }) => `${dataset}@${used?.number ?? number}`).join(', ')],
  ].filter(([, value]) => value !== '');
  const stages = table(
    ['STAGE', 'STATE', 'ATTEMPTS', 'TOOK', 'MACHINE', 'WHY'],
    run.stages.map((stage) => {
      const last = stage.attempts.at(-1);
      return [
        oneLine(stage.name),
        stage.isCached ? 'stored' : stage.status,
        stage.attempts.length,
        last ? durationText(last.startedAt, last.endedAt) : '',
        oneLine(last?.machine ?? ''),
        oneLine(whyText(stage), 100),
      ];
    }),
  );
  return [facts.map(([name = '', value = '']) => `${name.padEnd(10)}  ${value}`).join('\n'), stages].join('\n\n');
}

function codeText({ fromCommit, gitCommit }: Run): string {
  if (fromCommit !== null) return `commit ${fromCommit}`;
  return gitCommit === null ? 'the project’s folder' : `the project’s folder, at commit ${gitCommit}`;
}

function whyText({ because, reason, why }: Run['stages'][number]): string {
  if (because !== null) return `left out because ${because} failed`;
  return reason ?? why.map(({ text }) => text).join('; ');
}

import type { Client } from '@capstan/client';
import { Option, type Command } from 'commander';
import { connect } from './connect.ts';
import type { Registration } from './run.ts';
import { oneLine, table } from './terminal.ts';
import { timeText } from './time-text.ts';

type Explanation = Awaited<ReturnType<Client['lineage']['explain']>>;
type Role = Explanation['answer']['role'];
type Link<Found> = { readonly found: Found } | { readonly missing: string };

const LONGEST = 200;

/** `--role`, of `explain` and `replay`. */
export function roleOption(): Option {
  return new Option(
    '--role <role>',
    'another answer to the same example; without it, the one that the caller got',
  ).choices(['champion', 'canary', 'shadow', 'fallback', 'direct'] satisfies Role[]);
}

export function register(program: Command, { terminal, action }: Registration): void {
  program
    .command('explain <prediction>')
    .description(
      'Everything that led to one answer: revision, rollout, model, run, code, data, verdict, turn and facts',
    )
    .addOption(roleOption())
    .option('--json', 'print JSON')
    .action(
      action(async (prediction: string, { role, json }: { role?: Role; json?: boolean }) => {
        const found = await connect(terminal).lineage.explain({
          params: { prediction },
          query: { ...(role !== undefined && { role }) },
        });
        terminal.out(json ? JSON.stringify({ schema: 'capstan/explanation.v1', ...found }) : showExplanation(found));
        return undefined;
      }),
    );
}

function showExplanation(found: Explanation): string {
  const facts = chain(found).map(([name, value]) => `${name.padEnd(12)} ${oneLine(value, LONGEST)}`);
  return [facts.join('\n'), checks(found), decisions(found), data(found), events(found)].filter(Boolean).join('\n\n');
}

/** A line for each link, from the answer back. */
function chain(found: Explanation): [name: string, value: string][] {
  return [
    ...answerLines(found),
    ['outcome', told(found.outcome, ({ label, at }) => outcomeText(label, at))],
    [
      'revision',
      told(found.revision, (it) => `${it.deployment}/${it.number} by ${it.createdBy}, ${timeText(it.createdAt)}`),
    ],
    [
      'rollout',
      told(
        found.rollout,
        (it) => `${it.id}, ${it.state}, guards ${it.guards ? 'on' : 'off'}, by ${it.startedBy ?? 'unknown'}`,
      ),
    ],
    ['verdict', told(found.verdict, (it) => `${it.id}: ${it.status} on ${it.evaluation.rows} rows`)],
    ['model', told(found.modelVersion, modelText)],
    ['run', told(found.run, (it) => `${it.id} ${it.name}, ${it.status}`)],
    ['attempt', told(found.attempt, (it) => `${it.id}, ${it.number} of the stage ${it.stage}: ${it.command}`)],
    [
      'pipeline run',
      told(found.pipelineRun, (it) => `${it.id}, number ${it.number}${it.doubt ? `; but ${it.doubt}` : ''}`),
    ],
    [
      'code',
      told(found.code, (it) =>
        [
          ...(it.digest === null ? [] : [it.digest]),
          it.gitCommit === null ? 'no Git commit known' : `commit ${it.gitCommit}`,
          ...(it.declaration === null ? [] : [`declaration ${it.declaration}`]),
          ...(it.checkout === null ? [] : [`a checkout of ${it.checkout.repository}${dirtyText(it.checkout)}`]),
        ].join(', '),
      ),
    ],
    ['environment', told(found.environment, ({ key }) => key)],
    ['data', told(found.data, (versions) => `${versions.length} versions, below`)],
    ['cycle', told(found.cycle, (it) => `${it.number} of ${it.project}, ${it.state}`)],
    ['trigger', told(found.cycle, ({ trigger }) => `${trigger.kind}: ${trigger.reason}`)],
    ['facts', told(found.events, (list) => `${list.length}, below`)],
  ];
}

function dirtyText({ isDirty }: { readonly isDirty: boolean | null }): string {
  if (isDirty === null) return ', with changes or without';
  return isDirty ? ' with changes in no commit' : '';
}

function answerLines({ answer, others }: Explanation): [string, string][] {
  const { probability, shift, decision, threshold, error } = answer;
  const answered =
    probability === undefined
      ? `failed: ${error ?? 'no reason logged'}`
      : `${probability}${shift === undefined ? '' : ` (log odds moved by ${shift})`}, decided ${decision ? 'yes' : 'no'} at the threshold ${threshold}`;
  const value =
    answer.value === undefined ? 'not known' : `${answer.value}, baseline ${answer.baselineValue ?? 'unknown'}`;
  return [
    ['prediction', answer.id],
    ['answer', answered],
    ['role', `${answer.role}, chance ${answer.share}`],
    ['when', `${timeText(answer.predictedAt)}, event time ${timeText(answer.eventTime)}`],
    ['value', value],
    ...others.map((other): [string, string] => [
      'also',
      `${other.role}, revision ${other.revision}: ${other.probability ?? other.error ?? ''}`,
    ]),
  ];
}

function outcomeText(label: 0 | 1, at: number): string {
  return `${label === 1 ? 'it happened' : 'it did not happen'}, ${timeText(at)}`;
}

type Version = Extract<Explanation['modelVersion'], { found: unknown }>['found'];

function modelText({ model, version, digest, aliasesThen, aliasesNow }: Version): string {
  const named = (aliases: readonly string[]): string => aliases.join(', ') || 'no alias';
  return `${model}/${version} ${digest}, then ${named(aliasesThen)}, now ${named(aliasesNow)}`;
}

function checks({ verdict }: Explanation): string {
  if (!('found' in verdict)) return '';
  return table(
    ['CHECK', 'VERDICT', 'VALUE', 'LIMIT', 'N', 'WHY'],
    verdict.found.checks.map((it) => [
      oneLine(it.check),
      it.status,
      figure(it.value),
      figure(it.limit),
      it.n,
      oneLine(it.reason, 100),
    ]),
  );
}

function decisions({ rollout }: Explanation): string {
  if (!('found' in rollout) || rollout.found.decisions.length === 0) return '';
  return table(
    ['ROLLOUT', 'STAGE', 'WHEN', 'WHY'],
    rollout.found.decisions.map((it) => [it.verdict, it.stage, timeText(it.at), oneLine(it.reason, 100)]),
  );
}

function data({ data: versions }: Explanation): string {
  if (!('found' in versions)) return '';
  return table(
    ['DATA', 'VERSION', 'READ', 'ROWS', 'FILES', 'DIGEST', 'FROM'],
    versions.found.map((it) => [
      `${it.dataset}@${it.number}`,
      it.versionId,
      it.isRead ? 'yes' : 'no, cut from',
      it.rows,
      it.files.map((file) => file.digest.slice(0, 'sha256:'.length + 8)).join(' '),
      it.digest,
      it.parents.map(({ versionId, how }) => `${versionId} (${how})`).join(', '),
    ]),
  );
}

function events({ events: facts }: Explanation): string {
  if (!('found' in facts)) return '';
  return table(
    ['FACT', 'BECAUSE OF', 'TYPE', 'SUBJECT', 'BY', 'WHEN'],
    facts.found.map((it) => [
      it.seq,
      it.causationSeq ?? '-',
      it.type,
      oneLine(it.subject),
      oneLine(it.actor),
      timeText(it.at),
    ]),
  );
}

function told<Found>(link: Link<Found>, text: (found: Found) => string): string {
  return 'found' in link ? text(link.found) : `(${link.missing})`;
}

function figure(value: number | null): string {
  return value === null ? '-' : String(Number(value.toPrecision(5)));
}

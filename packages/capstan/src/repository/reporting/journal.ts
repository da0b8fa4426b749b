import { appendFileSync, existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { ParamOverrides, ReportedFact, ReportedPlace } from '@capstan/api';
import { randomIds } from '#ports/ids';
import type { ExecutionResult } from '#ports/executor';
import { readMetrics, type LockedStage } from '#protocols/dvc';
import type { StageNode, WhyStage } from '../pipelines/model.ts';
import type { PlannedNode } from '../pipelines/targets.ts';
import {
  cutText,
  filesOf,
  paramsOf,
  readLines,
  reasonsOf,
  reportedStages,
  toldName,
  type JournalLine,
} from './model.ts';

const JOURNAL = 'journal.jsonl';
/** Says to whom the journal was sent. */
const SENT = 'sent';

export const journalOf = (runFolder: string): string => join(runFolder, JOURNAL);

/** What is known of a stage that has ended, besides how. */
export interface StageFacts {
  readonly entry?: LockedStage | undefined;
  readonly result?: ExecutionResult | undefined;
}

interface EndOfStage {
  readonly outcome: Exclude<Extract<ReportedFact, { kind: 'stage-ended' }>['report']['outcome'], 'lost'>;
  readonly why: readonly WhyStage[];
  readonly reason?: string;
  readonly because?: string;
  readonly warnings: readonly string[];
  readonly undeclared?: readonly string[];
  readonly durationMs: number;
  readonly facts?: StageFacts;
}

/** Takes down what happens in a run, as it happens, for a server that is told of it now or later. Never throws. */
export interface Journal {
  /** What experiment runs that the stage's command makes are to say of it, once it has begun. */
  tagsOf(node: StageNode): Readonly<Record<string, string>>;
  /** @param log of its command, relative to the root */
  stageBegan(node: StageNode, why: readonly WhyStage[], log: string): void;
  stageEnded(node: StageNode, end: EndOfStage): Promise<void>;
  /** @param keptAs commit of the experiment that it is kept as */
  end(outcome: 'succeeded' | 'failed' | 'cancelled', reason: string | null, keptAs?: string): void;
}

export interface JournalOptions {
  readonly project: string;
  readonly place: ReportedPlace;
  readonly params?: ParamOverrides | undefined;
  readonly root: string;
  /** Absolute. */
  readonly runFolder: string;
  now(): number;
}

/** Begins a journal in the folder of a run; undefined for a run of no stages, or where nothing can be written. */
export function openJournal(plan: readonly PlannedNode[], options: JournalOptions): Journal | undefined {
  const { project, place, params, root, runFolder, now } = options;
  const file = journalOf(runFolder);
  const running = new Map<string, { readonly id: string; readonly log: string }>();
  let isBroken = false;
  const write = (line: JournalLine): void => {
    if (isBroken) return;
    try {
      appendFileSync(file, `${JSON.stringify(line)}\n`);
    } catch {
      // A full disk ends what is told of the run, never the run.
      isBroken = true;
    }
  };
  const stages = reportedStages(plan);
  if (stages.length === 0) return undefined;
  const id = randomIds.next('pr');
  write({ begin: { id, project, startedAt: now(), place, ...(params && { params }), stages } });
  return {
    tagsOf(node) {
      const attempt = running.get(node.name)?.id;
      const stage = { 'capstan.pipeline_run': id, 'capstan.stage': toldName(node) };
      return attempt === undefined ? stage : { ...stage, 'capstan.attempt': attempt };
    },
    stageBegan(node, why, log) {
      const attempt = { id: randomIds.next('sa'), log: join(root, log) };
      running.set(node.name, attempt);
      const fact = { stage: toldName(node), attempt: attempt.id, at: now(), why: reasonsOf(why) };
      write({ fact: { kind: 'stage-began', ...fact }, log: basename(log) });
    },
    async stageEnded(node, end) {
      const attempt = running.get(node.name);
      running.delete(node.name);
      const { entry, result } = end.facts ?? {};
      const read = end.outcome === 'ran' ? await metricsOf(root, node) : { metrics: {}, warnings: [] };
      write({
        fact: {
          kind: 'stage-ended',
          stage: toldName(node),
          attempt: attempt?.id ?? null,
          at: now(),
          why: reasonsOf(end.why),
          reason: reasonOf(end),
          durationMs: end.durationMs,
          exitCode: result?.exitCode ?? null,
          signal: result?.signal ?? null,
          cpuMs: result?.cpuMs ?? null,
          peakMemoryBytes: result?.peakMemoryBytes ?? null,
          logBytes: attempt ? sizeOf(attempt.log) : null,
          report: {
            outcome: end.outcome,
            inputs: filesOf(entry?.inputs ?? []),
            outputs: filesOf(entry?.outputs ?? []),
            params: entry ? paramsOf(entry) : {},
            metrics: read.metrics,
            undeclared: end.undeclared?.slice(0, 1_000) ?? null,
            warnings: [...end.warnings, ...read.warnings].slice(0, 100).map(cutText),
          },
        },
      });
    },
    end(outcome, reason, keptAs) {
      const cut = reason === null ? null : cutText(reason);
      write({ fact: { kind: 'run-ended', at: now(), outcome, reason: cut, ...(keptAs !== undefined && { keptAs }) } });
    },
  };
}

function reasonOf({ reason, because }: EndOfStage): string | null {
  if (reason !== undefined) return cutText(reason);
  return because === undefined ? null : cutText(`${because} failed`);
}

async function metricsOf(
  root: string,
  { stage, folder }: StageNode,
): Promise<{ metrics: Record<string, number>; warnings: string[] }> {
  const declared = stage.outputs.filter(({ kind, outside }) => kind === 'metrics' && outside === undefined);
  const metrics = new Map<string, number>();
  const warnings: string[] = [];
  for (const file of [...declared.map((output) => output.file), ...stage.metricsFiles]) {
    try {
      for (const [name, value] of await readMetrics(join(root, folder, file), file)) {
        // A run's metrics are numbers that JSON has.
        if (Number.isFinite(value)) metrics.set(metrics.has(name) ? `${file}/${name}` : name, value);
      }
    } catch (error) {
      warnings.push(`its metrics are not told: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { metrics: Object.fromEntries([...metrics].slice(0, 1_000)), warnings };
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** Ends the journal of a run whose process is gone: what it had under way is lost. */
export function closeJournal(runFolder: string, at: number): void {
  const file = journalOf(runFolder);
  if (!existsSync(file)) return;
  const bytes = readFileSync(file);
  const { lines, sizeBytes } = readLines(bytes);
  if (sizeBytes < bytes.length) truncateSync(file, sizeBytes);
  const running = new Map<string, { stage: string; log: string }>();
  for (const line of lines) {
    if (!('fact' in line)) continue;
    const { fact } = line;
    if (fact.kind === 'run-ended') return;
    if (fact.kind === 'stage-began') running.set(fact.attempt, { stage: fact.stage, log: line.log ?? '' });
    else if (fact.attempt !== null) running.delete(fact.attempt);
  }
  const reason = 'the command that ran it was killed';
  const facts: ReportedFact[] = [...running].map(([attempt, { stage, log }]) => ({
    kind: 'stage-ended',
    stage,
    attempt,
    at,
    why: [],
    reason,
    durationMs: 0,
    exitCode: null,
    signal: null,
    cpuMs: null,
    peakMemoryBytes: null,
    logBytes: sizeOf(join(runFolder, log)),
    report: { outcome: 'lost', inputs: [], outputs: [], params: {}, metrics: {}, undeclared: null, warnings: [] },
  }));
  facts.push({ kind: 'run-ended', at, outcome: 'failed', reason });
  appendFileSync(file, facts.map((fact) => `${JSON.stringify({ fact } satisfies JournalLine)}\n`).join(''));
}

/** Whether a run has something to tell that nobody was told yet. */
export function isUnsent(runFolder: string): boolean {
  return existsSync(journalOf(runFolder)) && !existsSync(join(runFolder, SENT));
}

export function markSent(runFolder: string, url: string): void {
  // Its folder may have gone meanwhile, to make room.
  if (existsSync(dirname(journalOf(runFolder)))) writeFileSync(join(runFolder, SENT), url);
}

import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { sweepYaml, type SweepAxis, type SweepGoal, type SweepMethod } from '@capstan/api';
import { ApiError, type Client } from '@capstan/client';
import { DomainError, invalid } from '#kernel/errors';
import { parseLocatedYaml, type LocatedYaml } from '#kernel/located-yaml';
import type { Terminal } from './terminal.ts';

export interface StartOptions {
  readonly project?: string;
  readonly file?: string;
  readonly setParam?: readonly string[];
  readonly method?: SweepMethod;
  readonly metric?: string;
  readonly goal?: SweepGoal;
  readonly maxTrials?: number;
  readonly parallel?: number;
  readonly earlyStopping?: boolean;
  readonly seed?: number;
  readonly timeLimit?: number;
}

type Body = Parameters<Client['sweeps']['start']>[0]['body'];

export interface Asked {
  readonly project: string | undefined;
  readonly body: Body;
  /** The file, for telling where in it a refusal belongs. */
  readonly file: LocatedYaml<typeof sweepYaml> | undefined;
}

/** What a command line and a file ask for; the command line has the last word. @throws DomainError INVALID_ARGUMENT, NOT_FOUND */
export async function readRequest(terminal: Terminal, options: StartOptions): Promise<Asked> {
  const file = options.file === undefined ? undefined : await readFileOf(terminal, options.file);
  const { project, ...written } = file?.value ?? {};
  const params = { ...written.params, ...axesOf(options.setParam ?? []) };
  if (Object.keys(params).length === 0) {
    throw invalid('No parameter is to be searched', {
      field: '-S',
      hint: 'Name one with what it may be, -S train.depth=2,4,8, or give a file with --file.',
    });
  }
  const metric = options.metric ?? written.metric?.name;
  const goal = options.goal ?? written.metric?.goal;
  const stopping = written.early_stopping;
  const body: Body = {
    params,
    ...given({
      method: options.method ?? written.method,
      metric: metric === undefined ? undefined : { name: metric, ...given({ goal }) },
      maxTrials: options.maxTrials ?? written.max_trials,
      parallel: options.parallel ?? written.parallel,
      earlyStopping:
        stopping === undefined
          ? options.earlyStopping === true
            ? {}
            : undefined
          : { warmUpSteps: stopping.warm_up_steps, minTrials: stopping.min_trials },
      seed: options.seed ?? written.seed,
      timeLimitMs: options.timeLimit ?? written.time_limit,
      maxFailedShare: written.max_failed_share,
      stageTimeoutMs: written.stage_timeout,
    }),
  };
  if (metric === undefined && goal !== undefined)
    throw invalid('A goal needs the metric that it is for', { field: '--goal', hint: 'Name it with --metric.' });
  return { project: options.project ?? project, body, file };
}

/** A refusal of the server, at its place in the file where it is about something that stands there. */
export function placed(error: unknown, { file }: Asked): unknown {
  if (!(error instanceof ApiError) || file === undefined) return error;
  const { detail, hint, details } = error.problem;
  const path = details?.['path'];
  if (!Array.isArray(path)) return error;
  const written = path.map((step: unknown) => namesInFile[String(step)] ?? String(step));
  return isWritten(file.written, written) ? file.fault(written, detail, hint) : error;
}

const namesInFile: Readonly<Record<string, string>> = { maxTrials: 'max_trials' };

function isWritten(value: unknown, path: readonly string[]): boolean {
  const [step, ...rest] = path;
  if (step === undefined) return value !== undefined;
  return typeof value === 'object' && value !== null && isWritten((value as Record<string, unknown>)[step], rest);
}

async function readFileOf(terminal: Terminal, shown: string): Promise<LocatedYaml<typeof sweepYaml>> {
  let text: string;
  try {
    text = await readFile(resolve(terminal.cwd, shown), 'utf8');
  } catch (cause) {
    throw new DomainError('NOT_FOUND', `There is no file ${shown}`, { field: '--file', cause });
  }
  return parseLocatedYaml(shown, text, sweepYaml);
}

function given<Members extends object>(members: Members): { [K in keyof Members]?: Exclude<Members[K], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as never;
}

function axesOf(settings: readonly string[]): Record<string, SweepAxis> {
  return Object.fromEntries(settings.map(axisOf));
}

const NUMBER = String.raw`[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?`;
const RANGE = new RegExp(`^(int|float):(${NUMBER})\\.\\.(${NUMBER})((?::(?:log|step=${NUMBER}))*)$`);

/** `key=2,4,8`, `key=int:2..10`, `key=float:0.001..0.1:log`, `key=float:0..1:step=0.25`. @throws DomainError */
function axisOf(setting: string): [string, SweepAxis] {
  const equals = setting.indexOf('=');
  const param = setting.slice(0, equals);
  const text = setting.slice(equals + 1);
  const refusal = invalid(`-S takes a parameter and what it may be, not '${setting}'`, {
    field: '-S',
    hint: 'As train.depth=2,4,8 or train.depth=int:2..10 or net.yaml:lr=float:0.001..0.1:log or p=float:0..1:step=0.25.',
  });
  if (equals < 1 || text === '') throw refusal;
  if (!/^(int|float):/.test(text)) return [param, text.split(',').map((word) => valueOf(word.trim()))];
  const [, type, min, max, more = ''] = RANGE.exec(text) ?? [];
  if (type === undefined) throw refusal;
  const step = /step=([^:]+)/.exec(more)?.[1];
  return [
    param,
    {
      type: type === 'int' ? 'int' : 'float',
      min: Number(min),
      max: Number(max),
      log: more.includes(':log'),
      ...(step !== undefined && { step: Number(step) }),
    },
  ];
}

const NUMBER_ALONE = new RegExp(`^${NUMBER}$`);
const words: Readonly<Record<string, boolean | null>> = { true: true, false: false, null: null };

/** A word as YAML has it. */
function valueOf(word: string): string | number | boolean | null {
  const known = words[word];
  if (known !== undefined) return known;
  return NUMBER_ALONE.test(word) ? Number(word) : word;
}

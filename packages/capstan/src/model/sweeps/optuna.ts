import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { sweepValue, type SweepGoal, type SweepSpace, type TrialState } from '@capstan/api';
import { sha256 } from '#kernel/digest';
import { DomainError } from '#kernel/errors';
import type { Environments } from '#ports/python-environments';
import type { Executor } from '#ports/executor';
import type { Ids } from '#ports/ids';
import { OPTUNA_SCRIPT } from './optuna-script.ts';
import type { Point } from './space.ts';

/** A trial as Optuna is told of it. */
export interface ToldTrial {
  readonly state: TrialState;
  readonly params: Point;
  readonly value: number | null;
  readonly step: number | null;
}

export interface AskOptuna {
  readonly space: SweepSpace;
  readonly goal: SweepGoal;
  readonly seed: number;
  /** Every trial so far, those that run included. */
  readonly trials: readonly ToldTrial[];
  readonly count: number;
  readonly signal: AbortSignal;
}

/** Optuna's TPE, as a program that is told everything and remembers nothing. */
export interface Optuna {
  /**
   * The next points.
   * @throws DomainError INVALID_ARGUMENT when Optuna cannot be installed, INTERNAL when it fails; the signal's reason
   */
  ask(question: AskOptuna): Promise<Point[]>;
}

interface OptunaDeps {
  readonly executor: Executor;
  readonly environments: Pick<Environments, 'ensure'>;
  readonly ids: Ids;
  /** Absolute; what it works in. */
  readonly folder: string;
  /** PATH, HOME and LANG of commands. */
  readonly commandEnvironment: Readonly<Record<string, string>>;
}

const REQUIREMENTS = 'optuna==5.0.0\n';
const COMMAND = 'exec python "$ASK_SCRIPT" < "$ASK_IN" > "$ASK_OUT"';
const TIMEOUT_MS = 300_000;
const GRACE_MS = 2_000;
/** As Optuna spells them. */
const DIRECTIONS = { minimise: 'minimize', maximise: 'maximize' } as const;
const MOST_LOG_CHARACTERS = 2_000;

const points = z.array(z.record(z.string(), sweepValue));

export function createOptuna(deps: OptunaDeps): Optuna {
  const sources = join(deps.folder, 'optuna');

  async function variables(signal: AbortSignal): Promise<Readonly<Record<string, string>>> {
    await mkdir(sources, { recursive: true });
    await writeFile(join(sources, 'requirements.txt'), REQUIREMENTS);
    try {
      return (await deps.environments.ensure(sources, { signal })).variables;
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      throw new DomainError(error.code, `Optuna, which proposes the trials, cannot be installed: ${error.message}`, {
        field: 'method',
        hint: 'Give the server a package index, or use --method random, which needs nothing.',
        cause: error,
      });
    }
  }

  return {
    async ask({ space, goal, seed, trials, count, signal }) {
      const environment = await variables(signal);
      const folder = await mkdtemp(join(deps.folder, 'ask-'));
      try {
        const study = { space, direction: DIRECTIONS[goal], seed: seedOf(seed, trials.length), count };
        const files = { script: join(folder, 'ask.py'), in: join(folder, 'in'), out: join(folder, 'out') };
        await writeFile(files.script, OPTUNA_SCRIPT);
        await writeFile(files.in, [study, ...trials].map((line) => `${JSON.stringify(line)}\n`).join(''));
        const logFile = join(folder, 'log');
        const execution = await deps.executor.start({
          attemptId: deps.ids.next('ask'),
          command: COMMAND,
          cwd: folder,
          env: {
            ...deps.commandEnvironment,
            ...environment,
            ASK_SCRIPT: files.script,
            ASK_IN: files.in,
            ASK_OUT: files.out,
          },
          logFile,
          timeoutMs: TIMEOUT_MS,
          graceMs: GRACE_MS,
        });
        const cancel = (): void => execution.cancel();
        signal.addEventListener('abort', cancel, { once: true });
        if (signal.aborted) cancel();
        const { outcome } = await execution.done;
        signal.removeEventListener('abort', cancel);
        signal.throwIfAborted();
        if (outcome !== 'succeeded') {
          const log = (await readFile(logFile, 'utf8')).trim().slice(-MOST_LOG_CHARACTERS);
          throw new DomainError('INTERNAL', `Optuna has ${outcome}: ${log}`);
        }
        const lines = (await readFile(files.out, 'utf8')).trim().split('\n');
        return points.parse(lines.map((line) => JSON.parse(line) as unknown));
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

const SEED_DIGITS = 8;

/** Each question has a seed of its own: the sampler starts anew with it. */
function seedOf(seed: number, told: number): number {
  return Number.parseInt(sha256(`${seed} ${told}`).slice(0, SEED_DIGITS), 16);
}

// Composition of the commands that work in a checkout with no server.
import { createExecutorLocal } from '#adapters/executor-local';
import { invalid } from '#kernel/errors';
import { nearest } from '#kernel/nearest';
import type { Executor } from '#ports/executor';
import type { Config } from './config.ts';

/** Where the commands of a checkout are run. */
export interface Commands {
  readonly executor: Executor;
  /** Ends what is kept open for them. */
  close(): Promise<void>;
}

interface CommandsOptions {
  /** `local`, which is this machine, `ray` or `slurm`. */
  readonly name: string | undefined;
  /** Absolute: the root of the checkout. */
  readonly root: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

const NAMES = ['local', 'ray', 'slurm'];

/** @throws DomainError INVALID_ARGUMENT for a name that there is not, or settings of no use */
export async function commandsOn({ name = 'local', root, env, cwd }: CommandsOptions): Promise<Commands> {
  const local = createExecutorLocal();
  if (name === 'local') return { executor: local, close: async () => {} };
  if (!NAMES.includes(name)) {
    const suggestion = nearest(name, NAMES);
    throw invalid(`There is no executor '${name}'`, {
      field: '--executor',
      hint: suggestion ? `Did you mean ${suggestion}?` : `There are: ${NAMES.join(', ')}.`,
    });
  }
  // Here, not at the top: most runs are of this machine.
  const { loadConfig } = await import('./config.ts');
  const { config } = await loadConfig({ flags: {}, env, cwd });
  const remote = name === 'ray' ? await rayCommands(config, root) : await slurmCommands(config);
  return {
    executor: {
      start: async (spec) => await remote.executor.start(spec),
      // What a run that was killed has left may be of either.
      async reap(attemptId) {
        await local.reap(attemptId);
        await remote.executor.reap(attemptId);
      },
    },
    close: remote.close,
  };
}

async function rayCommands(config: Config, root: string): Promise<Commands> {
  const { rayOf } = await import('./wiring/ray.ts');
  const ray = rayOf(config, root);
  if (!ray) {
    throw invalid('There is no Ray cluster to run on', {
      field: 'rayAddress',
      hint: 'Set CAPSTAN_RAY_ADDRESS and CAPSTAN_RAY_TOKEN, or rayAddress and rayTokenFile in the configuration file.',
    });
  }
  return { executor: ray, close: async () => await ray.close() };
}

async function slurmCommands(config: Config): Promise<Commands> {
  const { slurmOf } = await import('./wiring/slurm.ts');
  return { executor: slurmOf(config), close: async () => {} };
}

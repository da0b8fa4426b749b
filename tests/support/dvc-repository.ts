// A repository that the real dvc and Capstan work in by turns.
import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { initWithDvc } from './dvc-init.ts';
import { doneAsAda, environmentOf, runAsAda } from './run-as-ada.ts';
import { capstan, emptyFolder, program, type CommandOutput } from './server.ts';

export interface DvcRepository {
  /** Absolute. */
  readonly root: string;
  /** Runs a program in the repository, or in a folder of it. */
  run(
    command: string,
    args: readonly string[],
    folder?: string,
  ): { readonly code: number | null; readonly out: string };
  /** @throws what dvc printed, where it failed */
  dvc(...args: readonly string[]): string;
  git(...args: readonly string[]): string;
  ours(args: readonly string[], folder?: string): Promise<CommandOutput>;
  /** `capstan repro`, which is to end well. Returns what it printed. */
  repro(...args: readonly string[]): Promise<string>;
  /** `capstan repro`: what each stage came to, by its name. */
  outcomes(...args: readonly string[]): Promise<Record<string, string>>;
  /** Capstan as a process of its own, which a test may end; its output is thrown away. */
  begin(args: readonly string[]): ChildProcess;
  write(path: string, content: string | Buffer, mode?: number): void;
  read(path: string): string;
  /** A value of YAML: what a lock file says, whatever the order of its lines. */
  readYaml(path: string): unknown;
  /** The same files in another place. */
  twin(): DvcRepository;
}

/** Text of a file. */
export const lines = (...text: readonly string[]): string => `${text.join('\n')}\n`;

/** @param dvcProgram as `findDvc` tells it */
export function dvcRepository(dvcProgram: string, options: { readonly isMade?: boolean } = {}): DvcRepository {
  const root = join(emptyFolder(), 'repository');
  const run: DvcRepository['run'] = (command, args, folder) => runAsAda(root, command, args, folder);
  const repository: DvcRepository = {
    root,
    run,
    dvc: (...args) => doneAsAda(root, dvcProgram, args).out,
    git: (...args) => doneAsAda(root, 'git', args).out,
    ours: async (args, folder = '.') => await capstan(args, undefined, join(root, folder)),
    async repro(...args) {
      const { code, out, err } = await repository.ours(['repro', ...args]);
      if (code !== 0 || err !== '') throw new Error(`capstan repro ended with ${code}:\n${err}`);
      return out;
    },
    async outcomes(...args) {
      const { out } = await repository.ours(['repro', '--json', ...args]);
      const { stages } = JSON.parse(out) as { stages: { stage: string; outcome: string }[] };
      return Object.fromEntries(stages.map(({ stage, outcome }) => [stage, outcome]));
    },
    begin: (args) =>
      spawn(process.execPath, [program, ...args], { cwd: root, stdio: 'ignore', env: environmentOf(root) }),
    write(path, content, mode) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
      if (mode !== undefined) chmodSync(join(root, path), mode);
    },
    read: (path) => readFileSync(join(root, path), 'utf8'),
    readYaml: (path) => parse(readFileSync(join(root, path), 'utf8'), { intAsBigInt: true }) as unknown,
    twin() {
      const other = dvcRepository(dvcProgram, { isMade: true });
      cpSync(root, other.root, { recursive: true, verbatimSymlinks: true });
      return other;
    },
  };
  if (options.isMade === true) return repository;
  initWithDvc(root, dvcProgram);
  return repository;
}

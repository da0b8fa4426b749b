// A checkout that the real dvc and Capstan are asked about in turns.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { initWithDvc } from './dvc-init.ts';
import { doneAsAda } from './run-as-ada.ts';
import { capstan, emptyFolder } from './server.ts';

export interface DvcTwin {
  readonly root: string;
  /** Standard output. @throws what the program printed, where it failed */
  dvc(...args: readonly string[]): string;
  git(...args: readonly string[]): string;
  ours(...args: readonly string[]): Promise<string>;
  /** Stages and commits all there is. */
  commit(message: string): void;
  write(path: string, content: string | Buffer): void;
}

/** @param program the real dvc */
export function openDvcTwin(program: string): DvcTwin {
  const root = join(emptyFolder(), 'repository');
  const run = (command: string, args: readonly string[]): string => doneAsAda(root, command, args).stdout;
  const twin: DvcTwin = {
    root,
    dvc: (...args) => run(program, args),
    git: (...args) => run('git', args),
    async ours(...args) {
      const { code, out, err } = await capstan(args, undefined, root);
      if (code !== 0 || err !== '') throw new Error(`capstan ${args.join(' ')} ended with ${code}:\n${out}${err}`);
      return out;
    },
    commit(message) {
      run('git', ['add', '-A']);
      run('git', ['commit', '-qm', message]);
    },
    write(path, content) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
    },
  };
  initWithDvc(root, program);
  return twin;
}

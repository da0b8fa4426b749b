// A checkout that Capstan and the real dvc work in by turns.
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { initWithDvc } from './dvc-init.ts';
import { doneAsAda, runAsAda } from './run-as-ada.ts';
import { capstan, emptyFolder, type CommandOutput } from './server.ts';

export interface DvcCheckout {
  readonly root: string;
  /** @throws what dvc printed, where it failed */
  dvc(...args: readonly string[]): string;
  /** Fails the test where the command fails or warns. */
  ours(...args: readonly string[]): Promise<string>;
  /** Whatever comes of it. */
  tried(...args: readonly string[]): Promise<CommandOutput>;
  run(command: string, ...args: readonly string[]): { readonly code: number | null; readonly out: string };
  write(path: string, content: string | Buffer, mode?: number): void;
  read(path: string): string;
}

/** An empty Git repository that dvc was set up in, or a clone of another's last commit. */
export function dvcCheckout(dvcProgram: string, from?: DvcCheckout): DvcCheckout {
  const root = join(emptyFolder(), 'repository');

  const checkout: DvcCheckout = {
    root,
    dvc: (...args) => doneAsAda(root, dvcProgram, args).out,
    async ours(...args) {
      const { code, out, err } = await capstan(args, undefined, root);
      expect(err).toBe('');
      expect(code).toBe(0);
      return out;
    },
    tried: async (...args) => await capstan(args, undefined, root),
    run: (command, ...args) => runAsAda(root, command, args),
    write(path, content, mode) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
      if (mode !== undefined) chmodSync(join(root, path), mode);
    },
    read: (path) => readFileSync(join(root, path), 'utf8'),
  };

  if (from) {
    mkdirSync(root);
    doneAsAda(root, 'git', ['clone', '-q', from.root, '.']);
    return checkout;
  }
  initWithDvc(root, dvcProgram);
  return checkout;
}

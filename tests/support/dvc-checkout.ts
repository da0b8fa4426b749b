// A checkout that Capstan and the real dvc work in by turns.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
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
  const home = emptyFolder();
  const root = join(home, 'repository');

  function runIn(folder: string, command: string, args: readonly string[]): { code: number | null; out: string } {
    const { status, stdout, stderr } = spawnSync(command, args, {
      cwd: folder,
      encoding: 'utf8',
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: home,
        LANG: 'C.UTF-8',
        DVC_NO_ANALYTICS: '1',
        DVC_SITE_CACHE_DIR: join(home, 'site-cache'),
        GIT_AUTHOR_NAME: 'ada',
        GIT_AUTHOR_EMAIL: 'ada@localhost',
        GIT_COMMITTER_NAME: 'ada',
        GIT_COMMITTER_EMAIL: 'ada@localhost',
      },
    });
    return { code: status, out: stdout + stderr };
  }

  const checkout: DvcCheckout = {
    root,
    dvc(...args) {
      const { code, out } = runIn(root, dvcProgram, args);
      if (code !== 0) throw new Error(`dvc ${args.join(' ')} ended with ${code}:\n${out}`);
      return out;
    },
    async ours(...args) {
      const { code, out, err } = await capstan(args, undefined, root);
      expect(err).toBe('');
      expect(code).toBe(0);
      return out;
    },
    tried: async (...args) => await capstan(args, undefined, root),
    run: (command, ...args) => runIn(root, command, args),
    write(path, content, mode) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
      if (mode !== undefined) chmodSync(join(root, path), mode);
    },
    read: (path) => readFileSync(join(root, path), 'utf8'),
  };

  if (from) {
    expect(runIn(home, 'git', ['clone', '-q', from.root, root]).code).toBe(0);
    return checkout;
  }
  mkdirSync(root);
  expect(checkout.run('git', 'init', '-q').code).toBe(0);
  checkout.dvc('init', '-q');
  expect(checkout.run('git', 'commit', '-qm', 'init').code).toBe(0);
  return checkout;
}

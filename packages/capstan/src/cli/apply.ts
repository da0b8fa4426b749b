import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Client } from '@capstan/client';
import type { Command } from 'commander';
import { DomainError } from '#kernel/errors';
import { connect } from './connect.ts';
import type { Registration } from './run.ts';
import { oneLine } from './terminal.ts';

type Applied = Awaited<ReturnType<Client['projects']['apply']>>;

interface Options {
  readonly file: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export function register(program: Command, { terminal, action }: Registration): void {
  program
    .command('apply')
    .description('Make a capstan.yaml so: create or update project, charter, gates, deployment, monitors and policies')
    .option('-f, --file <path>', 'the declaration; its folder is the project', 'capstan.yaml')
    .option('--dry-run', 'only show what would change')
    .option('--json', 'print JSON')
    .action(
      action(async ({ file, dryRun = false, json }: Options) => {
        const path = resolve(terminal.cwd, file);
        const text = await readDeclaration(path, file);
        const applied = await connect(terminal).projects.apply({ body: { folder: dirname(path), text, dryRun } });
        terminal.out(json ? JSON.stringify({ schema: 'capstan/apply.v1', ...applied }) : summary(applied));
        return undefined;
      }),
    );
}

async function readDeclaration(path: string, shown: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new DomainError('NOT_FOUND', `There is no declaration at ${shown}`, {
      field: 'file',
      hint: 'Name one with --file, or change to the folder of the project.',
      cause,
    });
  }
}

function summary({ project, revision, isNew, dryRun, changes }: Applied): string {
  if (changes.length === 0) return `${project}: nothing to change (revision ${revision})`;
  const verb = dryRun ? 'would be ' : '';
  const head = `${project}: ${verb}${isNew ? 'created' : 'changed'} as revision ${revision}`;
  return [head, ...changes.map(changeLine)].join('\n');
}

/** `+ path: value`, `- path: value`, `~ path: before → after`, as a diff is read. */
function changeLine({ path, before, after }: Applied['changes'][number]): string {
  if (before === undefined) return `  + ${path}: ${valueText(after)}`;
  if (after === undefined) return `  - ${path}: ${valueText(before)}`;
  return `  ~ ${path}: ${valueText(before)} → ${valueText(after)}`;
}

function valueText(value: unknown): string {
  return oneLine(typeof value === 'string' ? value : JSON.stringify(value), 100);
}

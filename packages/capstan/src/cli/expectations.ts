import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Client } from '@capstan/client';
import { InvalidArgumentError, type Command } from 'commander';
import { conflict, invalid } from '#kernel/errors';
import { connect } from './connect.ts';
import { exitCodes } from './exit-codes.ts';
import { findVersion, readVersionName } from './find-version.ts';
import { onlyProject } from './only-project.ts';
import type { Registration } from './run.ts';
import { oneLine, table, type Terminal } from './terminal.ts';
import { timeText } from './time-text.ts';

type Test = Awaited<ReturnType<Client['expectations']['getTest']>>;
type TestSummary = Awaited<ReturnType<Client['expectations']['tests']>>['items'][number];

const POLL_MS = 300;

interface SuggestOptions {
  readonly project?: string;
  readonly output?: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

interface TestOptions {
  readonly project?: string;
  readonly seed: number;
  readonly faults: number;
  readonly least?: number;
  readonly json?: boolean;
}

export function register(program: Command, { terminal, action }: Registration): void {
  const expectations = program.command('expectations').description('What versions of a dataset must keep');
  expectations
    .command('suggest <dataset[@version]>')
    .description('A first file of expectations, from the profile of a version; it holds there')
    .option('-p, --project <name>', 'where there are several')
    .option('-o, --output <file>', 'write it there instead of to the output')
    .option('--force', 'write over a file that is there')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  capstan expectations suggest flights@3 -o expectations/flights.yaml\n')
    .action(action((name: string, options: SuggestOptions) => suggest(terminal, name, options)));
  expectations
    .command('test <dataset[@version]>')
    .description('Put faults into copies of a version and see which of them the expectations find')
    .option('-p, --project <name>', 'where there are several')
    .option('--seed <number>', 'the same seed gives the same faults', wholeNumber(0), 0)
    .option('--faults <count>', 'at most this many, of every kind', wholeNumber(1), 60)
    .option('--least <share>', 'exit with 10 below this share of faults found, 0 to 1', share)
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  capstan expectations test flights --least 0.8\n')
    .action(action((name: string, options: TestOptions) => test(terminal, name, options)));
  expectations
    .command('tests <dataset>')
    .description('Tests that were made, newest first')
    .option('-p, --project <name>', 'where there are several')
    .option('--json', 'print JSON')
    .action(
      action(async (dataset: string, { project, json }: { project?: string; json?: boolean }) => {
        const client = connect(terminal);
        const params = { project: project ?? (await onlyProject(client)), dataset };
        const { items } = await client.expectations.tests({ params, query: { limit: 50 } });
        terminal.out(
          json ? JSON.stringify({ schema: 'capstan/expectation-tests.v1', tests: items }) : testTable(items),
        );
        return undefined;
      }),
    );
}

async function suggest(terminal: Terminal, name: string, options: SuggestOptions): Promise<undefined> {
  const client = connect(terminal);
  const version = await findVersion(client, name, options.project);
  const found = await client.expectations.suggest({ params: { version } });
  if (options.output !== undefined) await writeNew(terminal, options.output, found.text, options.force ?? false);
  if (options.json) {
    terminal.out(
      JSON.stringify({ schema: 'capstan/suggested-expectations.v1', ...found, file: options.output ?? null }),
    );
  } else if (options.output === undefined) terminal.out(found.text.trimEnd());
  else {
    terminal.out(`${found.rules} rules from version ${found.number} of ${found.dataset} in ${options.output}`);
    terminal.err(`Name the file under datasets.${found.dataset}.expectations in capstan.yaml, and apply it.`);
  }
  return undefined;
}

async function writeNew(terminal: Terminal, file: string, text: string, isForced: boolean): Promise<void> {
  try {
    await writeFile(resolve(terminal.cwd, file), text, { flag: isForced ? 'w' : 'wx' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') {
      throw conflict(`${file} is there already`, { field: 'output', hint: '--force writes over it.', cause: error });
    }
    throw invalid(`${file} cannot be written (${code ?? String(error)})`, { field: 'output', cause: error });
  }
}

async function test(terminal: Terminal, name: string, options: TestOptions): Promise<number | undefined> {
  const client = connect(terminal);
  const { dataset, number } = readVersionName(name);
  const params = { project: options.project ?? (await onlyProject(client)), dataset };
  const body = { seed: options.seed, faults: options.faults, ...(number !== undefined && { version: number }) };
  const { id } = await client.expectations.startTest({ params, body });
  const began = Date.now();
  const found = await ended(client, id, () =>
    terminal.show(`putting faults into ${dataset} (${Math.round((Date.now() - began) / 1_000)} s)`),
  );
  terminal.show('');
  terminal.out(options.json ? JSON.stringify({ schema: 'capstan/expectation-test.v1', ...found }) : showTest(found));
  if (found.status === 'failed') return exitCodes.no;
  return options.least !== undefined && (found.score ?? 0) < options.least ? exitCodes.no : undefined;
}

async function ended(client: Client, test: string, tell: () => void): Promise<Test> {
  for (;;) {
    const found = await client.expectations.getTest({ params: { test } });
    if (found.status !== 'running') return found;
    tell();
    await new Promise((resume) => setTimeout(resume, POLL_MS));
  }
}

function showTest(test: Test): string {
  const head = `${test.dataset} version ${test.number}, seed ${test.seed} (${test.id}): `;
  if (test.status === 'failed') return `${head}failed: ${test.error ?? ''}`;
  const score = `${head}${test.caught} of ${test.injected} faults found${test.score === null ? '' : ` (${Math.round(test.score * 100)} %)`}, ${test.stopped} would have been kept out`;
  const broken = test.brokenBefore.map(({ rule, column }) => [rule, column].filter(Boolean).join(' of '));
  const faults = table(
    ['FOUND', 'FAULT', 'BY'],
    test.faults.map((fault) => [
      fault.caught ? (fault.severity === 'error' ? 'yes' : 'warning') : 'no',
      oneLine(fault.what, 70),
      oneLine(
        fault.caught
          ? fault.caughtBy.map(({ rule, column }) => [rule, column].filter(Boolean).join(' of ')).join(', ')
          : (fault.remedies[0]?.setting ?? 'perhaps a check across columns'),
        90,
      ),
    ]),
  );
  const note = 'BY is the rule that found it; of one that was not found, a rule that would have.';
  const before = broken.length === 0 ? '' : `\nBroken before any fault, so they find nothing: ${broken.join(', ')}`;
  return `${score}${before}\n\n${faults}\n\n${note}`;
}

function testTable(tests: readonly TestSummary[]): string {
  return table(
    ['TEST', 'VERSION', 'STATUS', 'FOUND', 'OF', 'SEED', 'BEGAN'],
    tests.map((test) => [
      test.id,
      test.number,
      test.status,
      test.caught,
      test.injected,
      test.seed,
      timeText(test.createdAt),
    ]),
  );
}

function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isSafeInteger(value) && value >= least && text.trim() !== '') return value;
    throw new InvalidArgumentError(`Give a whole number of ${least} or more.`);
  };
}

function share(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError('Give a share from 0 to 1.');
}

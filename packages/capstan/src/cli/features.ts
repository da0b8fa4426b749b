import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Client } from '@capstan/client';
import type { Command } from 'commander';
import { invalid } from '#kernel/errors';
import { connect, urlOf } from './connect.ts';
import { exitCodes } from './exit-codes.ts';
import type { Registration } from './run.ts';
import { oneLine, table, type Terminal } from './terminal.ts';
import { timeText } from './time-text.ts';

type View = Awaited<ReturnType<Client['features']['list']>>['items'][number];
type Check = Awaited<ReturnType<Client['features']['check']>>;

interface Json {
  readonly json?: boolean;
}

export function register(program: Command, { terminal, action }: Registration): void {
  const features = program
    .command('features')
    .description('Feature views: for training as of the time of each row, and for serving');
  features
    .command('list <project>')
    .description('Feature views that a project declares, and what is served of each')
    .option('--json', 'print JSON')
    .action(
      action(async (project: string, { json }: Json) => {
        const { items } = await connect(terminal).features.list({ params: { project } });
        terminal.out(json ? JSON.stringify({ schema: 'capstan/feature-views.v1', views: items }) : viewTable(items));
        return undefined;
      }),
    );
  features
    .command('materialize <project> [view...]')
    .description('Bring the online store up to date with the newest data; all online views where none is named')
    .option('--json', 'print JSON')
    .action(
      action(async (project: string, named: string[], { json }: Json) => {
        const client = connect(terminal);
        const views = named.length > 0 ? named : await onlineViews(client, project);
        for (const view of views) {
          terminal.show(`${view} ...`);
          const done = await client.features.materialize({ params: { project, view } });
          terminal.show('');
          if (json) terminal.out(JSON.stringify({ schema: 'capstan/materialization.v1', view, ...done }));
          else terminal.out(`${view}: ${done.entities} entities, ${done.written} written, ${done.removed} removed`);
        }
        if (views.length === 0 && json !== true) terminal.out(`${project} declares no online feature view.`);
        return undefined;
      }),
    );
  features
    .command('check <project> <view>')
    .description('Whether its past depends on its future, and whether the online store says what the datasets say')
    .option('--json', 'print JSON')
    .action(
      action(async (project: string, view: string, { json }: Json) => {
        const found = await connect(terminal).features.check({ params: { project, view } });
        terminal.out(json ? JSON.stringify({ schema: 'capstan/feature-check.v1', ...found }) : checkText(found));
        return found.passed ? undefined : exitCodes.no;
      }),
    );
  registerGet(features, { terminal, action });
  registerTrainingSet(features, { terminal, action });
}

function registerGet(features: Command, { terminal, action }: Registration): void {
  features
    .command('get <project> <feature...>')
    .description('The latest features of entities, from the online store')
    .requiredOption('--entity <column=value...>', 'an entity column and its value; a value that is JSON is taken so')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  capstan features get flight-delays carrier-lateness --entity carrier=UA\n')
    .action(
      action(async (project: string, asked: string[], { entity, json }: Json & { entity: string[] }) => {
        const body = { features: asked, entities: entitiesOf(entity) };
        const { featureNames, rows } = await connect(terminal).features.online({ params: { project }, body });
        if (json) {
          terminal.out(JSON.stringify({ schema: 'capstan/online-features.v1', featureNames, rows }));
          return undefined;
        }
        const [row] = rows;
        terminal.out(
          table(
            ['FEATURE', 'VALUE', 'STATUS', 'EVENT TIME'],
            featureNames.map((name, index) => {
              const time = row?.eventTimes[index] ?? null;
              const value = JSON.stringify(row?.values[index] ?? null);
              return [name, oneLine(value), row?.statuses[index] ?? '', time === null ? '' : timeText(time)];
            }),
          ),
        );
        return undefined;
      }),
    );
}

function registerTrainingSet(features: Command, { terminal, action }: Registration): void {
  interface Options extends Json {
    readonly rows: string;
    readonly version?: string;
    readonly eventTime?: string;
    readonly fullFeatureNames?: boolean;
    readonly output?: string;
  }
  features
    .command('training-set <project> <feature...>')
    .description('The rows of a dataset, each with the features that were known at its time, as Parquet')
    .requiredOption('--rows <dataset>', 'the dataset whose rows are taken')
    .option('--version <id>', 'a version of it; without, the newest accepted one')
    .option('--event-time <column>', 'the time of each row; without, the column that capstan.yaml names')
    .option('--full-feature-names', 'call features view__feature')
    .option('-o, --output <file>', 'write it there')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample:\n  capstan features training-set flight-delays carrier-lateness --rows flights -o train.parquet\n',
    )
    .action(
      action(async (project: string, asked: string[], options: Options) => {
        const { rows: dataset, version, eventTime, fullFeatureNames, output, json } = options;
        const rows = {
          dataset,
          ...(version !== undefined && { version }),
          ...(eventTime !== undefined && { eventTime }),
        };
        const body = { features: asked, rows, ...(fullFeatureNames !== undefined && { fullFeatureNames }) };
        const set = await connect(terminal).features.makeTrainingSet({ params: { project }, body });
        if (output !== undefined) await download(terminal, set.id, resolve(terminal.cwd, output));
        if (json) terminal.out(JSON.stringify({ schema: 'capstan/training-set.v1', ...set }));
        else {
          const place = output === undefined ? 'Write it to a file with -o FILE.' : `Written to ${output}.`;
          terminal.out(`${set.id}: ${set.rows} rows, ${set.columns.length} columns, ${set.sizeBytes} bytes\n${place}`);
        }
        return undefined;
      }),
    );
}

async function onlineViews(client: Client, project: string): Promise<string[]> {
  const { items } = await client.features.list({ params: { project } });
  return items.filter(({ isOnline }) => isOnline).map(({ name }) => name);
}

/** Whole or absent. */
async function download(terminal: Terminal, id: string, path: string): Promise<void> {
  const reply = await fetch(`${urlOf(terminal)}/api/v1/training-sets/${id}/file`);
  if (!reply.ok || !reply.body) throw new Error(`The server answered ${reply.status} for the file of ${id}`);
  const partial = `${path}.partial`;
  try {
    await pipeline(Readable.fromWeb(reply.body), createWriteStream(partial));
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

function entitiesOf(given: readonly string[]): Record<string, (string | number | boolean | null)[]> {
  return Object.fromEntries(
    given.map((text) => {
      const at = text.indexOf('=');
      if (at < 1) throw invalid(`--entity takes COLUMN=VALUE, not '${text}'`, { field: '--entity' });
      return [text.slice(0, at), [valueOf(text.slice(at + 1))]];
    }),
  );
}

function valueOf(text: string): string | number | boolean | null {
  try {
    const value: unknown = JSON.parse(text);
    if (value === null || typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string')
      return value;
  } catch {
    // A text as it is.
  }
  return text;
}

function viewTable(views: readonly View[]): string {
  if (views.length === 0) return 'No feature views: declare some under features in capstan.yaml.';
  const names = (columns: View['entities']): string => oneLine(columns.map(({ name }) => name).join(', '), 40);
  return table(
    ['VIEW', 'ENTITIES', 'FEATURES', 'ONLINE', 'SERVED SINCE', 'CHECK'],
    views.map((view) => {
      const { lastMaterialization: last, lastCheck } = view;
      return [
        view.name,
        names(view.entities),
        view.fault === null ? names(view.features) : oneLine(view.fault, 40),
        view.isOnline ? String(last?.entities ?? 0) : 'no',
        last ? (last.status === 'failed' ? 'failed' : timeText(last.endedAt)) : '',
        lastCheck ? (lastCheck.passed ? 'passed' : 'failed') : '',
      ];
    }),
  );
}

function checkText({ view, leakage, skew }: Check): string {
  const lines = [
    leakage.passed
      ? `${view}: no row of its past depends on its future (${leakage.cuts.length} moments looked at)`
      : `${view}: its past depends on its future`,
    ...leakage.cuts
      .filter(({ different, missing, added }) => different + missing + added > 0)
      .map(
        ({ at, rows, different, missing, added }) =>
          `  up to ${timeText(at)}: of ${rows} rows ${different} differ, ${missing} are missing, ${added} are too many`,
      ),
    ...(leakage.uncut.length > 0 ? [`  taken whole, since they have no event time: ${leakage.uncut.join(', ')}`] : []),
    ...leakage.examples.slice(0, 3).map((each) => `  ${exampleText(each)}`),
    skewText(skew),
    ...skew.examples.slice(0, 3).map((each) => `  ${exampleText(each)}`),
  ];
  return lines.join('\n');
}

function skewText({ passed, materialization, isStale, entities, different, missing }: Check['skew']): string {
  if (materialization === null) return 'Nothing is served of it: no skew to look for.';
  if (passed) return `The online store says what the datasets say (${entities} entities).`;
  const why = isStale ? ' The data or the view has changed since: materialize it.' : '';
  return `The online store differs: of ${entities} entities ${different} differ and ${missing} are missing.${why}`;
}

function exampleText({ entity, eventTime, feature, left, right }: Check['skew']['examples'][number]): string {
  const at = eventTime === null ? '' : ` at ${timeText(eventTime)}`;
  return oneLine(
    `${JSON.stringify(entity)}${at}: ${feature} ${JSON.stringify(left)} and ${JSON.stringify(right)}`,
    160,
  );
}

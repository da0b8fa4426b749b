import type { Client } from '@capstan/client';
import { InvalidArgumentError, type Command } from 'commander';
import { connect } from './connect.ts';
import { pageSize } from './page-size.ts';
import type { Registration } from './run.ts';
import { oneLine, table } from './terminal.ts';
import { timeText } from './time-text.ts';

type Model = Awaited<ReturnType<Client['registry']['getModel']>>;
type Version = Awaited<ReturnType<Client['registry']['listVersions']>>['items'][number];
type Change = Awaited<ReturnType<Client['registry']['history']>>['items'][number];
type Move = Awaited<ReturnType<Client['registry']['aliasHistory']>>['items'][number];

const SHOWN_CHANGES = 20;

export function register(program: Command, { terminal, action }: Registration): void {
  const models = program.command('models').description('Registered models, their versions and aliases');
  models
    .command('list')
    .description('Registered models by name')
    .option('--filter <text>', "MLflow's search language, e.g. \"name LIKE 'late%'\"")
    .option('--limit <count>', 'at most this many', pageSize, 100)
    .option('--json', 'print JSON')
    .action(
      action(async ({ json, ...query }: { filter?: string; limit: number; json?: boolean }) => {
        const { items, nextCursor } = await connect(terminal).registry.listModels({ query });
        if (json) terminal.out(JSON.stringify({ schema: 'capstan/models.v1', models: items }));
        else terminal.out(modelTable(items));
        if (nextCursor !== undefined) terminal.err(`There are more: these are the first ${items.length}.`);
        return undefined;
      }),
    );
  models
    .command('show <name>')
    .description('One model: its versions, and who changed what, when and why')
    .option('--limit <count>', 'at most this many versions, newest first', pageSize, 20)
    .option('--json', 'print JSON')
    .action(
      action(async (name: string, { limit, json }: { limit: number; json?: boolean }) => {
        const { registry } = connect(terminal);
        const params = { model: name };
        const [{ latestVersions: _, ...model }, versions, history] = await Promise.all([
          registry.getModel({ params }),
          registry.listVersions({ params, query: { limit } }),
          registry.history({ params, query: { limit: SHOWN_CHANGES } }),
        ]);
        const found = { ...model, versions: versions.items, history: history.items };
        if (json) terminal.out(JSON.stringify({ schema: 'capstan/model.v1', ...found }));
        else terminal.out(showModel(found));
        if (versions.nextCursor !== undefined) terminal.err(`There are more: these are the newest ${limit} versions.`);
        return undefined;
      }),
    );
  models
    .command('history <name>')
    .description('Everything that happened to a model, newest first; with --alias, what an alias meant at a time')
    .option('--alias <alias>', 'only moves of this alias')
    .option('--version <number>', 'only what concerns this version')
    .option('--at <time>', 'what there was then: 2026-03-03 (its end, in UTC) or 2026-03-03T12:00:00Z', timeOf)
    .option('--limit <count>', 'at most this many', pageSize, 100)
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  capstan models history late-arrival --alias champion --at 2026-03-03\n')
    .action(
      action(async (name: string, { alias, version, at, limit, json }: HistoryOptions) => {
        const { registry } = connect(terminal);
        const params = { model: name };
        if (alias === undefined) {
          const { items } = await registry.history({ params, query: { version, until: at, limit } });
          terminal.out(
            json ? JSON.stringify({ schema: 'capstan/model-history.v1', history: items }) : changeTable(items),
          );
          return undefined;
        }
        const found = await registry.aliasHistory({ params: { ...params, alias }, query: { at, limit } });
        const { version: meant, items } = found;
        if (json)
          terminal.out(
            JSON.stringify({ schema: 'capstan/alias-history.v1', model: name, alias, version: meant, moves: items }),
          );
        else
          terminal.out([meaning(name, alias, meant, at), ...(items.length > 0 ? [moveTable(items)] : [])].join('\n\n'));
        return undefined;
      }),
    );
}

interface HistoryOptions {
  readonly alias?: string;
  readonly version?: string;
  readonly at?: number;
  readonly limit: number;
  readonly json?: boolean;
}

/** A day means its end, so that all that happened on it counts. @throws InvalidArgumentError */
function timeOf(text: string): number {
  const at = Date.parse(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T23:59:59.999Z` : text);
  if (!Number.isNaN(at)) return at;
  throw new InvalidArgumentError('Give a day, 2026-03-03, or a time, 2026-03-03T12:00:00Z.');
}

function meaning(model: string, alias: string, version: number | null, at: number | undefined): string {
  const subject = `${oneLine(model)}@${oneLine(alias)}`;
  const means = version === null ? 'no version' : `version ${version}`;
  return at === undefined ? `${subject} means ${means}` : `${subject} meant ${means} at ${timeText(at)}`;
}

function modelTable(models: readonly Model[]): string {
  return table(
    ['NAME', 'PROJECT', 'NEWEST', 'ALIASES', 'CHANGED', 'DESCRIPTION'],
    models.map((model) => [
      oneLine(model.name),
      model.project ?? '',
      Math.max(0, ...model.latestVersions.map(({ version }) => version)) || '',
      oneLine(model.aliases.map(({ alias, version }) => `${alias}: ${version}`).join(', ')),
      timeText(model.updatedAt),
      oneLine(model.description ?? ''),
    ]),
  );
}

function showModel(
  model: Omit<Model, 'latestVersions'> & { versions: readonly Version[]; history: readonly Change[] },
): string {
  const facts = [
    ['model', oneLine(model.name)],
    ['project', model.project ?? ''],
    ['description', oneLine(model.description ?? '', 200)],
  ].filter(([, value]) => value !== '');
  const parts = [facts.map(([name = '', value = '']) => `${name.padEnd(11)}  ${value}`).join('\n')];
  if (model.versions.length > 0) parts.push(versionTable(model.versions));
  if (model.history.length > 0) parts.push(changeTable(model.history));
  return parts.join('\n\n');
}

function versionTable(versions: readonly Version[]): string {
  return table(
    ['VERSION', 'ALIASES', 'CREATED', 'BY', 'RUN', 'SOURCE'],
    versions.map(({ version, aliases, createdAt, createdBy, runId, source }) => [
      version,
      oneLine(aliases.join(', ')),
      timeText(createdAt),
      oneLine(createdBy),
      runId ?? '',
      oneLine(source),
    ]),
  );
}

function changeTable(changes: readonly Change[]): string {
  return table(
    ['WHEN', 'WHAT', 'VERSION', 'OF', 'FROM', 'TO', 'BY', 'WHY'],
    changes.map(({ at, kind, version, key, from, to, actor, reason }) => [
      timeText(at),
      kind,
      version ?? '',
      oneLine(key),
      oneLine(from ?? '-'),
      oneLine(to ?? '-'),
      oneLine(actor),
      oneLine(reason ?? ''),
    ]),
  );
}

function moveTable(moves: readonly Move[]): string {
  return table(
    ['WHEN', 'ALIAS', 'FROM', 'TO', 'BY', 'VERDICT', 'WHY'],
    moves.map(({ at, alias, from, to, actor, verdictId, reason }) => [
      timeText(at),
      oneLine(alias),
      from ?? '-',
      to ?? '-',
      oneLine(actor),
      verdictId ?? '-',
      oneLine(reason ?? ''),
    ]),
  );
}

import type { Client } from '@capstan/client';
import type { Command } from 'commander';
import { connect } from './connect.ts';
import { pageSize } from './page-size.ts';
import type { Registration } from './run.ts';
import { oneLine, table } from './terminal.ts';
import { timeText } from './time-text.ts';

type Model = Awaited<ReturnType<Client['registry']['getModel']>>;
type Version = Awaited<ReturnType<Client['registry']['listVersions']>>['items'][number];
type Move = Awaited<ReturnType<Client['registry']['aliasHistory']>>['items'][number];

const SHOWN_MOVES = 20;

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
    .description('One model: its versions, and who moved which alias, when and why')
    .option('--limit <count>', 'at most this many versions, newest first', pageSize, 20)
    .option('--json', 'print JSON')
    .action(
      action(async (name: string, { limit, json }: { limit: number; json?: boolean }) => {
        const { registry } = connect(terminal);
        const params = { model: name };
        const [{ latestVersions: _, ...model }, versions, moves] = await Promise.all([
          registry.getModel({ params }),
          registry.listVersions({ params, query: { limit } }),
          registry.aliasHistory({ params, query: { limit: SHOWN_MOVES } }),
        ]);
        const found = { ...model, versions: versions.items, aliasMoves: moves.items };
        if (json) terminal.out(JSON.stringify({ schema: 'capstan/model.v1', ...found }));
        else terminal.out(showModel(found));
        if (versions.nextCursor !== undefined) terminal.err(`There are more: these are the newest ${limit} versions.`);
        return undefined;
      }),
    );
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
  model: Omit<Model, 'latestVersions'> & { versions: readonly Version[]; aliasMoves: readonly Move[] },
): string {
  const facts = [
    ['model', oneLine(model.name)],
    ['project', model.project ?? ''],
    ['description', oneLine(model.description ?? '', 200)],
  ].filter(([, value]) => value !== '');
  const parts = [facts.map(([name = '', value = '']) => `${name.padEnd(11)}  ${value}`).join('\n')];
  if (model.versions.length > 0) parts.push(versionTable(model.versions));
  if (model.aliasMoves.length > 0) parts.push(moveTable(model.aliasMoves));
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

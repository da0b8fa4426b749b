import {
  durationText,
  formatQuota,
  quotaText,
  type Consumer,
  type Quota,
  type UndeclaredCaller,
  type UnknownCaller,
} from '@capstan/api';
import type { Client } from '@capstan/client';
import { InvalidArgumentError, type Command } from 'commander';
import { connect } from './connect.ts';
import type { Registration } from './run.ts';
import { oneLine, table, type Terminal } from './terminal.ts';
import { timeText } from './time-text.ts';

type Issued = Awaited<ReturnType<Client['consumers']['create']>>;
type Detail = Awaited<ReturnType<Client['consumers']['get']>>;

interface Fields {
  readonly owner?: string;
  readonly purpose?: string;
  readonly deployment?: readonly string[];
  readonly allDeployments?: boolean;
  readonly quota?: Quota | false;
  readonly json?: boolean;
}

const MOST_DAYS = 35;
const EXAMPLES = `
Examples:
  capstan consumers create booking-app --owner booking --purpose "warns travellers" --deployment late-arrival
  capstan consumers set booking-app --quota "1000 rows per minute"
  capstan consumers rotate booking-app --overlap 24h
  capstan consumers callers --deployment late-arrival
  capstan consumers require late-arrival
`;

export function register(program: Command, { terminal, action }: Registration): void {
  const consumers = program
    .command('consumers')
    .description('Who calls deployments: declared consumers with tokens and quotas, and callers nobody has declared')
    .addHelpText('after', EXAMPLES);
  consumers
    .command('list')
    .description('Declared consumers, with what they asked in the last 24 hours')
    .option('--deployment <name>', 'those that may call this deployment')
    .option('--json', 'print JSON')
    .action(
      action(async ({ deployment, json }: { deployment?: string; json?: boolean }) => {
        const query = deployment === undefined ? {} : { deployment };
        const { items } = await connect(terminal).consumers.list({ query });
        terminal.out(json ? JSON.stringify({ schema: 'capstan/consumers.v1', consumers: items }) : listed(items));
        return undefined;
      }),
    );
  consumers
    .command('show <consumer>')
    .description('One consumer: its tokens, and what it asked of each deployment')
    .option('--days <count>', 'of the last days', dayCount, 7)
    .option('--json', 'print JSON')
    .action(
      action(async (consumer: string, { days, json }: { days: number; json?: boolean }) => {
        const found = await connect(terminal).consumers.get({ params: { consumer }, query: { days } });
        terminal.out(json ? JSON.stringify({ schema: 'capstan/consumer.v1', ...found }) : shown(found));
        return undefined;
      }),
    );
  fieldOptions(consumers.command('create <name>').description('Make a consumer; its token is shown this once'))
    .requiredOption('--owner <name>', 'who answers for it')
    .requiredOption('--purpose <text>', 'what it does with the answers')
    .action(
      action(async (name: string, { owner = '', purpose = '', json, ...given }: Fields) => {
        const body = { name, owner, purpose, ...changeOf(given) };
        show(terminal, await connect(terminal).consumers.create({ body }), json);
        return undefined;
      }),
    );
  fieldOptions(consumers.command('set <consumer>').description('Change a consumer; what is not given stays'))
    .option('--owner <name>', 'who answers for it')
    .option('--purpose <text>', 'what it does with the answers')
    .option('--all-deployments', 'it may call every deployment')
    .option('--no-quota', 'it may ask as much as it will')
    .action(
      action(async (consumer: string, { json, ...given }: Fields) => {
        const changed = await connect(terminal).consumers.set({ params: { consumer }, body: changeOf(given) });
        terminal.out(json ? JSON.stringify({ schema: 'capstan/consumer.v1', ...changed }) : shown(changed));
        return undefined;
      }),
    );
  registerTokens(consumers, { terminal, action });
  registerCallers(consumers, { terminal, action });
}

function registerTokens(consumers: Command, { terminal, action }: Registration): void {
  consumers
    .command('rotate <consumer>')
    .description('Issue another token, shown this once; the one before is taken for a while')
    .option('--overlap <time>', 'how long the one before is taken yet; 0s: not any more', overlapMs, 86_400_000)
    .option('--json', 'print JSON')
    .action(
      action(async (consumer: string, { overlap, json }: { overlap: number; json?: boolean }) => {
        const body = { overlapMs: overlap };
        show(terminal, await connect(terminal).consumers.rotate({ params: { consumer }, body }), json);
        return undefined;
      }),
    );
  consumers
    .command('revoke <consumer>')
    .description('End its tokens at once, or one of them')
    .option('--token <prefix>', 'only the token that begins so, as consumers show lists it')
    .option('--reason <text>', 'why, for the record')
    .option('--json', 'print JSON')
    .action(
      action(async (consumer: string, { json, ...body }: { token?: string; reason?: string; json?: boolean }) => {
        const found = await connect(terminal).consumers.revoke({ params: { consumer }, body });
        terminal.out(json ? JSON.stringify({ schema: 'capstan/consumer.v1', ...found }) : shown(found));
        return undefined;
      }),
    );
}

function registerCallers(consumers: Command, { terminal, action }: Registration): void {
  consumers
    .command('callers')
    .description('Callers without a token, and those with one that is not known; those that asked most first')
    .option('--deployment <name>', 'of this deployment; without it, of all')
    .option('--days <count>', 'in the last days', dayCount, 7)
    .option('--json', 'print JSON')
    .action(
      action(async ({ json, ...query }: { deployment?: string; days: number; json?: boolean }) => {
        const client = connect(terminal);
        const { items } = await client.consumers.callers({ query });
        const { items: unknown } = await client.consumers.unknownCallers({ query });
        if (json) terminal.out(JSON.stringify({ schema: 'capstan/callers.v1', callers: items, unknown }));
        else terminal.out([callersListed(items), ...unknownListed(unknown)].join('\n'));
        return undefined;
      }),
    );
  consumers
    .command('require <deployment>')
    .description('Let only declared consumers call a deployment, by their tokens')
    .option('--off', 'let anybody call it again')
    .option('--json', 'print JSON')
    .action(
      action(async (deployment: string, { off, json }: { off?: boolean; json?: boolean }) => {
        const body = { callers: off ? ('open' as const) : ('declared' as const) };
        const policy = await connect(terminal).consumers.setPolicy({ params: { deployment }, body });
        const who = policy.callers === 'open' ? 'anybody' : 'declared consumers only';
        if (json) terminal.out(JSON.stringify({ schema: 'capstan/callers-policy.v1', ...policy }));
        else terminal.out(`${deployment} may be called by ${who}`);
        return undefined;
      }),
    );
}

function fieldOptions(command: Command): Command {
  return command
    .option('--deployment <name...>', 'what it may call; every deployment unless told')
    .option('--quota <quota>', 'most that it may ask, e.g. "1000 rows per minute"', readQuota)
    .option('--json', 'print JSON');
}

function changeOf({ owner, purpose, deployment, allDeployments, quota }: Fields) {
  return {
    ...(owner !== undefined && { owner }),
    ...(purpose !== undefined && { purpose }),
    ...(deployment !== undefined && { deployments: [...deployment] }),
    ...(allDeployments && { deployments: null }),
    ...(quota === false && { quota: null }),
    ...(quota && { quota }),
  };
}

/** The token alone on stdout, so that a script can keep it. */
function show(terminal: Terminal, { consumer, token }: Issued, json: boolean | undefined): void {
  if (json) return terminal.out(JSON.stringify({ schema: 'capstan/consumer-token.v1', consumer, token }));
  terminal.out(token);
  terminal.err(`This is the token of ${consumer.name}. It is shown this once.`);
  terminal.err('Send it with each call: Authorization: Bearer TOKEN');
  const [, before] = consumer.tokens;
  if (before?.expiresAt != null) terminal.err(`${before.prefix}… is taken until ${timeText(before.expiresAt)}.`);
}

function listed(items: readonly Consumer[]): string {
  if (items.length === 0) {
    return 'No consumer is declared: capstan consumers create NAME --owner WHO --purpose WHY makes one.';
  }
  return table(
    ['CONSUMER', 'OWNER', 'MAY CALL', 'QUOTA', 'TOKENS', 'REQUESTS 24H', 'ROWS', 'ERRORS', 'REFUSED', 'LAST SEEN'],
    items.map((it) => [
      it.name,
      oneLine(it.owner),
      it.isRetired ? 'retired' : (it.deployments?.join(', ') ?? 'all'),
      it.quota ? formatQuota(it.quota) : '-',
      it.tokens.length,
      it.day.requests,
      it.day.rows,
      it.day.errors,
      it.day.refused,
      it.lastSeenAt === null ? 'never' : timeText(it.lastSeenAt),
    ]),
  );
}

function shown(it: Consumer | Detail): string {
  const facts: [string, string][] = [
    ['consumer', it.name],
    ['owner', oneLine(it.owner)],
    ['purpose', oneLine(it.purpose)],
    ['declared', it.project === null ? 'by hand' : `by the project ${it.project}${it.isRetired ? ', no more' : ''}`],
    ['may call', it.deployments?.join(', ') ?? 'every deployment'],
    ['quota', it.quota ? formatQuota(it.quota) : 'none'],
    ['last seen', it.lastSeenAt === null ? 'never' : timeText(it.lastSeenAt)],
    ...(it.tokens.length === 0 ? [['token', `none: capstan consumers rotate ${it.name}`] as [string, string]] : []),
    ...it.tokens.map((token): [string, string] => ['token', tokenText(token)]),
    ...('byDeployment' in it ? it.byDeployment : []).map((asked): [string, string] => [
      asked.deployment,
      `${asked.requests} requests, ${asked.rows} rows, ${asked.errors} errors, ${asked.refused} refused`,
    ]),
  ];
  return facts.map(([name, value]) => `${name.padEnd(10)}  ${value}`).join('\n');
}

function tokenText({ prefix, createdAt, expiresAt, lastUsedAt }: Consumer['tokens'][number]): string {
  const used = lastUsedAt === null ? 'never used' : `last used ${timeText(lastUsedAt)}`;
  const until = expiresAt === null ? '' : `, taken until ${timeText(expiresAt)}`;
  return `${prefix}…  issued ${timeText(createdAt)}, ${used}${until}`;
}

function callersListed(items: readonly UndeclaredCaller[]): string {
  if (items.length === 0) return 'No caller without a token was seen.';
  return table(
    ['DEPLOYMENT', 'USER AGENT', 'ADDRESS', 'REQUESTS', 'ROWS', 'ERRORS', 'REFUSED', 'LAST SEEN'],
    items.map((it) => [
      it.deployment,
      it.agent === null ? 'others' : it.agent || 'none',
      it.address ?? '-',
      it.requests,
      it.rows,
      it.errors,
      it.refused,
      timeText(it.lastSeenAt),
    ]),
  );
}

function unknownListed(items: readonly UnknownCaller[]): string[] {
  if (items.length === 0) return [];
  const rows = items.map((it) => [
    it.deployment ?? '-',
    it.token === null ? 'others' : it.agent || 'none',
    it.address ?? '-',
    it.token ?? '-',
    it.requests,
    timeText(it.lastSeenAt),
    whatToDo(it),
  ]);
  const heads = ['DEPLOYMENT', 'USER AGENT', 'ADDRESS', 'TOKEN HASH', 'REQUESTS', 'LAST SEEN', 'WHAT TO DO'];
  return ['', 'Refused, since their token is not known:', table(heads, rows)];
}

function whatToDo({ token, was }: UnknownCaller): string {
  if (token === null) return 'many tokens in an hour: somebody may be guessing';
  if (was === null) return 'none of Capstan’s: give the caller a token, or have it send none';
  if (was.endedAt === null) return `${was.prefix}… of ${was.consumer}, which is retired: declare it again`;
  return `${was.prefix}… of ${was.consumer}, ended ${timeText(was.endedAt)}: capstan consumers rotate ${was.consumer}`;
}

function readQuota(given: string): Quota {
  const read = quotaText.safeParse(given);
  if (read.success) return read.data;
  throw new InvalidArgumentError(read.error.issues[0]?.message ?? 'is no quota');
}

function overlapMs(given: string): number {
  const read = durationText.safeParse(given);
  if (read.success) return read.data;
  throw new InvalidArgumentError(read.error.issues[0]?.message ?? 'is no length of time');
}

function dayCount(given: string): number {
  const days = Number(given);
  if (Number.isInteger(days) && days >= 1 && days <= MOST_DAYS) return days;
  throw new InvalidArgumentError(`Give a whole number from 1 to ${MOST_DAYS}.`);
}

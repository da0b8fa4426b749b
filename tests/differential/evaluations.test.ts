// Random calls of evaluation datasets and scorers on a real `mlflow server` and on Capstan (SQLite and PostgreSQL) at once: the
// same answers and the same content, but for what `differs` names and docs/reference/mlflow-compatibility.md explains.
//
// DIFFERENTIAL_OPERATIONS says how many calls, DIFFERENTIAL_SEED where to begin, as for the other calls.
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findClientPython } from '../support/python.ts';
import { startPeers, type Peer, type Reply } from './peers.ts';

const OPERATIONS = Number(process.env['DIFFERENTIAL_OPERATIONS'] ?? 300);
const SEED = Number(process.env['DIFFERENTIAL_SEED'] ?? 20_240_101);
const START_MS = 20 * 60_000;
const API = '/api/3.0/mlflow';

/** One call; numbers are places in what the programme has made, counted round. */
type Operation = ReturnType<typeof operations.generate>['value'];

const n = fc.nat(20);
const name = fc.constantFrom('a', 'b', 'c d', 'Ä-ö', "it's");
const word = fc.constantFrom('x', 'y', '', 'läuft', '{"a": 1}', '%');
const tags = fc.dictionary(fc.constantFrom('k', 'team', 'mlflow.user'), word, { maxKeys: 2 });
const value = fc.constantFrom<unknown>('x', 1, 2.5, true, null, [1, 'a'], { deep: { b: [] } });
const fields = (keys: readonly string[]) => fc.dictionary(fc.constantFrom(...keys), value, { maxKeys: 2 });
const record = fc.record(
  {
    inputs: fields(['q', 'k']),
    // Once a list, always a list: MLflow answers 500 to an object behind it.
    outputs: fc.oneof(fc.constant(null), fields(['text', 'score'])),
    expectations: fc.oneof(fc.constant(null), fields(['answer', 'sure'])),
    tags,
    source: fc.oneof(
      fc.constant({ source_type: 'HUMAN', source_data: {} }),
      fc.constant({ source_type: 'trace', source_data: { trace_id: 'tr-1' } }),
      fc.constant({ source_type: 'CODE', source_data: { source_id: 's' } }),
    ),
  },
  { requiredKeys: ['inputs'] },
);
const serialized = fc.constantFrom(
  '{"name": "s"}',
  '{"instructions_judge_pydantic_data": {"model": "openai:/gpt-4o"}}',
  '{"instructions_judge_pydantic_data": {"model": " "}}',
  '{"third_party_scorer_data": {"kwargs": {"a": [["api_base", "x"]]}}}',
  '{"ensemble_scorer_data": {"scorers": [{"call_source": "x"}]}}',
  '{"builtin_scorer_pydantic_data": {"model": "gateway:/none"}}',
  '{',
);
const filter = fc.constantFrom(
  "name != 'b'",
  "name LIKE '%a%'",
  "tags.k = 'x'",
  "tags.team != 'y' AND created_time > 5",
  "last_updated_by = 'x'",
  "created_by ILIKE 'L%'",
  "color = 'x'",
  'created_time = "x"',
);

const operations = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('create'), name, tags, experiments: fc.array(n, { maxLength: 2 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('get'), n }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete'), n }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('merge'), n, records: fc.array(record, { maxLength: 4 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('records'), n, limit: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('deleteRecords'), n, places: fc.array(n, { maxLength: 2 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('tag'), n, tags }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('untag'), n, key: fc.constantFrom('k', 'team', 'none') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('experiments'), n }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('link'),
      n,
      experiments: fc.array(n, { maxLength: 2 }),
      unknown: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('unlink'), n, experiments: fc.array(n, { maxLength: 2 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('search'), experiment: n, filter: fc.option(filter) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('register'), experiment: n, name, serialized }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('scorers'), experiment: n }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('versions'), experiment: n, name }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('scorer'), experiment: n, name, version: fc.option(n) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('forget'),
      experiment: n,
      name,
      version: fc.option(fc.integer({ min: 1, max: 2 })),
    }),
  },
);

/** What every programme begins with. */
const first: Operation = { kind: 'create', name: 'a', tags: {}, experiments: [0] };

/** A server with the ids that it gave in this programme. */
interface Player {
  readonly peer: Peer;
  readonly experiments: string[];
  readonly datasets: string[];
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly text: string;
}

let peers: readonly Peer[] = [];
let stop = async (): Promise<void> => {};

beforeAll(async () => {
  ({ peers, stop } = await startPeers(await findClientPython()));
}, START_MS);

afterAll(() => stop());

test(
  `${OPERATIONS} random calls of evaluations from seed ${SEED} have the same effect on MLflow and on Capstan`,
  async () => {
    let done = 0;
    for (let seed = SEED; done < OPERATIONS; seed += 1) {
      const programme = fc.array(operations, { minLength: 5, maxLength: 40, size: 'max' });
      const property = fc.asyncProperty(programme, async (calls) => {
        await play([first, ...calls], seed);
        done += calls.length + 1;
      });
      const checked = await fc.check(property, { seed, numRuns: 1, unbiased: true, interruptAfterTimeLimit: 60_000 });
      if (!checked.failed) continue;
      const lines = checked.counterexample?.[0].map((call) => JSON.stringify(call)) ?? [];
      const reason = checked.errorInstance instanceof Error ? checked.errorInstance.message : 'failed';
      throw new Error([`DIFFERENTIAL_SEED=${seed}`, ...lines, reason].join('\n'));
    }
    expect(done).toBeGreaterThan(0);
  },
  120_000 + OPERATIONS * 300,
);

let played = 0;

async function play(programme: readonly Operation[], seed: number): Promise<void> {
  played += 1;
  const players = await Promise.all(
    peers.map((peer) => beginning(peer, `evaluations ${seed} ${process.pid} ${played}`)),
  );
  const forgotten = new Set<string>();
  for (const operation of programme) {
    // MLflow gives the number of a deleted version again.
    const scorer =
      'experiment' in operation && 'name' in operation ? `${operation.experiment % 2} ${operation.name}` : '';
    if (operation.kind === 'register' && forgotten.has(scorer)) continue;
    if (operation.kind === 'forget') forgotten.add(scorer);
    const [expected, ...others] = await Promise.all(players.map((player) => ask(operation, player)));
    for (const [index, actual] of others.entries()) {
      if (expected && (isSame(expected, actual) || differs(operation, expected, actual))) continue;
      throw new Error(
        `${JSON.stringify(operation)}\nMLflow: ${show(expected)}\n${players[index + 1]?.peer.name}: ${show(actual)}`,
      );
    }
  }
  for (const player of players)
    await Promise.all(player.datasets.map((id) => send(player, 'DELETE', `/datasets/${id}`)));
}

async function beginning(peer: Peer, prefix: string): Promise<Player> {
  const experiments = await Promise.all(
    ['one', 'two'].map(async (word) => {
      const body = JSON.stringify({ name: `${prefix} ${word}` });
      const { text } = await peer.send('POST', '/api/2.0/mlflow/experiments/create', body);
      return (JSON.parse(text) as { experiment_id: string }).experiment_id;
    }),
  );
  return { peer, experiments, datasets: [] };
}

const ofRecordsAndLinks = new Set(['records', 'merge', 'deleteRecords', 'experiments']);

/** What Capstan answers otherwise, on purpose. */
function differs({ kind }: Operation, expected: Answer, actual: Answer): boolean {
  const isRefused = actual.status >= 400 && actual.status < 500;
  if (expected.status >= 500) return isRefused;
  // The text of a database error instead of what is wrong.
  if (/sqlite3\.\w+Error/.test(expected.text)) return isRefused;
  // Of a dataset that is not there.
  return actual.status === 404 && expected.status === 200 && ofRecordsAndLinks.has(kind);
}

function isSame(expected: Answer, actual: Answer): boolean {
  if (Math.floor(expected.status / 100) !== Math.floor(actual.status / 100)) return false;
  return isDeepStrictEqual(expected.body, actual.body);
}

function show(answer: Answer | undefined): string {
  return `${answer?.status} ${answer?.text.slice(0, 1_000)}\n  compared as ${JSON.stringify(answer?.body).slice(0, 1_500)}`;
}

async function ask(operation: Operation, player: Player): Promise<Answer> {
  const experiment = (place: number) => player.experiments[place % player.experiments.length] ?? '0';
  const dataset = 'n' in operation ? (player.datasets[operation.n % player.datasets.length] ?? 'd-none') : '';
  const of = `/datasets/${dataset}`;
  switch (operation.kind) {
    case 'create': {
      const body = { name: operation.name, experiment_ids: [...new Set(operation.experiments.map(experiment))] };
      const reply = await send(player, 'POST', '/datasets/create', { ...body, tags: JSON.stringify(operation.tags) });
      const made = JSON.parse(reply.text) as { dataset?: { dataset_id: string } };
      if (made.dataset) player.datasets.push(made.dataset.dataset_id);
      return answerOf(reply, player);
    }
    case 'get':
      return answerOf(await send(player, 'GET', of), player);
    case 'delete':
      return answerOf(await send(player, 'DELETE', of), player);
    case 'merge':
      return answerOf(
        await send(player, 'POST', `${of}/records`, { records: JSON.stringify(operation.records) }),
        player,
      );
    case 'records':
      return await allRecords(player, dataset, operation.limit);
    case 'deleteRecords': {
      const known = await recordIds(player, dataset);
      const ids = operation.places.map((place) => known[place] ?? 'dr-none');
      return answerOf(await send(player, 'DELETE', `${of}/records`, { dataset_record_ids: ids }), player);
    }
    case 'tag':
      return answerOf(await send(player, 'PATCH', `${of}/tags`, { tags: JSON.stringify(operation.tags) }), player);
    case 'untag':
      return answerOf(await send(player, 'DELETE', `${of}/tags/${operation.key}`), player);
    case 'experiments':
      return answerOf(await send(player, 'GET', `${of}/experiment-ids`), player);
    case 'link': {
      // Given twice, MLflow answers with the text of a database error.
      const ids = [...new Set(operation.experiments.map(experiment)), ...(operation.unknown ? ['987654321'] : [])];
      return answerOf(await send(player, 'POST', `${of}/add-experiments`, { experiment_ids: ids }), player);
    }
    case 'unlink': {
      const body = { experiment_ids: operation.experiments.map(experiment) };
      return answerOf(await send(player, 'POST', `${of}/remove-experiments`, body), player);
    }
    case 'search': {
      const body = { experiment_ids: [experiment(operation.experiment)], filter_string: operation.filter ?? '' };
      return answerOf(
        await send(player, 'POST', '/datasets/search', { ...body, max_results: 50, order_by: ['name'] }),
        player,
      );
    }
    case 'register': {
      const body = { name: operation.name, serialized_scorer: operation.serialized };
      return answerOf(
        await send(player, 'POST', '/scorers/register', { experiment_id: experiment(operation.experiment), ...body }),
        player,
      );
    }
    case 'scorers':
      return answerOf(
        await send(player, 'GET', `/scorers/list?experiment_id=${experiment(operation.experiment)}`),
        player,
      );
    case 'versions':
    case 'scorer': {
      const query = new URLSearchParams({ experiment_id: experiment(operation.experiment), name: operation.name });
      if (operation.kind === 'scorer' && operation.version !== null) query.set('version', String(operation.version));
      const path = operation.kind === 'scorer' ? 'get' : 'versions';
      return answerOf(await send(player, 'GET', `/scorers/${path}?${query.toString()}`), player);
    }
    default: {
      const body = { experiment_id: experiment(operation.experiment), name: operation.name };
      const version = operation.version === null ? {} : { version: operation.version };
      return answerOf(await send(player, 'DELETE', '/scorers/delete', { ...body, ...version }), player);
    }
  }
}

async function send({ peer }: Player, method: string, path: string, body?: object): Promise<Reply> {
  return await peer.send(method, API + path, method === 'GET' ? undefined : JSON.stringify(body ?? {}));
}

/** All pages, with how long each was. */
async function allRecords(player: Player, dataset: string, limit: number): Promise<Answer> {
  const sizes: number[] = [];
  const records: unknown[] = [];
  let token: string | undefined;
  for (;;) {
    const query = new URLSearchParams({
      max_results: String(limit),
      ...(token !== undefined && { page_token: token }),
    });
    const reply = await send(player, 'GET', `/datasets/${dataset}/records?${query.toString()}`);
    if (reply.status !== 200) return answerOf(reply, player);
    const page = JSON.parse(reply.text) as { records: string; next_page_token?: string };
    const items = JSON.parse(page.records) as unknown[];
    sizes.push(items.length);
    records.push(...items);
    token = page.next_page_token;
    if (token === undefined) return { status: 200, text: '', body: { sizes, records: inOneOrder(records, player) } };
  }
}

/** In the order of the inputs: MLflow keeps none within one call. */
async function recordIds(player: Player, dataset: string): Promise<string[]> {
  const reply = await send(player, 'GET', `/datasets/${dataset}/records`);
  if (reply.status !== 200) return [];
  const { records } = JSON.parse(reply.text) as { records: string };
  return (JSON.parse(records) as { inputs: object; dataset_record_id: string }[])
    .toSorted((a, b) => compare(keyOf(a.inputs), keyOf(b.inputs)))
    .map((one) => one.dataset_record_id);
}

function answerOf({ status, text }: Reply, player: Player): Answer {
  let body: unknown;
  try {
    body = JSON.parse(text) as unknown;
  } catch {
    body = '(no JSON)';
  }
  return { status, text, body: normal(body, player) };
}

/** Given by each server itself, or its words. */
const own = new Set([
  'dataset_record_id',
  'digest',
  'created_time',
  'last_update_time',
  'creation_time',
  'scorer_id',
  'next_page_token',
  'message',
  'sqlstate',
  'error_class',
  'request_id',
]);
/** JSON that travels as text. */
const inText = new Set(['tags', 'schema', 'profile']);

function normal(value: unknown, player: Player, field = ''): unknown {
  if (Array.isArray(value)) return inOneOrder(value, player, field);
  if (field === 'dataset_id') return player.datasets.indexOf(String(value));
  if (field === 'experiment_id' || field === 'experiment_ids') return player.experiments.indexOf(String(value));
  if (inText.has(field) && typeof value === 'string') return JSON.parse(value) as unknown;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .filter(([key, item]) => !own.has(key) && !(key === 'profile' && item === 'null'))
    .map(([key, item]) => [key, normal(item, player, key)] as const);
  return Object.fromEntries(entries);
}

function inOneOrder(items: readonly unknown[], player: Player, field = ''): unknown[] {
  return items.map((item) => normal(item, player, field)).toSorted((a, b) => compare(keyOf(a), keyOf(b)));
}

/** Text of a value, whatever the order of its keys. */
function keyOf(item: unknown): string {
  return JSON.stringify(item, (_key, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => compare(a, b)))
      : value,
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

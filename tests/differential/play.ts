// Plays a programme on every peer at once and compares what each answers with what MLflow answers.
import { isDeepStrictEqual } from 'node:util';
import { findDifference, findHiddenDifference, type Difference, type Exchange } from './differences/index.ts';
import { normalise } from './normalise.ts';
import type { Peer, Reply } from './peers.ts';
import { fromJson, resolve, resolveText, toJson, type Kind, type Operation, type Scope } from './programme.ts';
import { readBack } from './read-back.ts';

export interface Outcome {
  /** Calls compared, those of the read-back left out. */
  readonly operations: number;
  readonly readBack: number;
  /** Which declared differences showed, by their names. */
  readonly declared: readonly string[];
}

/** A difference that nobody has declared. */
class Undeclared extends Error {}

interface Player {
  readonly peer: Peer;
  readonly prefix: string;
  readonly ids: Record<Kind, string[]>;
}

const MOST_PAGES = 40;
let played = 0;

/**
 * Plays all calls in turn, comparing after each; then reads back all that they made. The first peer is MLflow. After a
 * declared difference that leaves the peers with different content nothing more can be compared: the rest is left out.
 * @throws Undeclared for the first difference that is not in the list
 */
export async function play(programme: readonly Operation[], peers: readonly Peer[]): Promise<Outcome> {
  played += 1;
  const prefix = `p${played}x${process.pid} `;
  const players = peers.map((peer) => ({ peer, prefix, ids: { experiment: [], run: [], model: [] } }));
  const declared: string[] = [];
  for (const [index, operation] of programme.entries()) {
    const { found } = await compare(operation, players);
    declared.push(...found.map((difference) => difference.name));
    if (found.some((difference) => difference.leaves === 'different content'))
      return { operations: index + 1, readBack: 0, declared };
  }
  let count = 0;
  await readBack(programme, players, async (operations) => {
    count += operations.length;
    const compared = await Promise.all(operations.map((operation) => compare(operation, players)));
    return compared.map(({ text }) => text);
  });
  return { operations: programme.length, readBack: count, declared };
}

interface Comparison {
  /** The declared differences that showed. */
  readonly found: readonly Difference[];
  /** MLflow's answer. */
  readonly text: string;
}

async function compare(operation: Operation, players: readonly Player[]): Promise<Comparison> {
  const answers = await Promise.all(players.map((player) => ask(operation, player)));
  // Before the answers are compared: a new object's id is in its own.
  if (operation.makes !== undefined) remember(operation.makes, answers, players);
  const [expected, ...others] = answers.map((answer, index) => exchangeOf(operation, answer, players[index]));
  const text = expected?.text ?? '';
  if (!expected) return { found: [], text };
  const found: Difference[] = [];
  for (const actual of others) {
    const isEqual = isSame(expected, actual);
    const find = isEqual ? findHiddenDifference : findDifference;
    const difference = find(operation, expected, actual);
    if (difference) found.push(difference);
    else if (!isEqual) throw new Undeclared(describe(operation, expected, actual));
  }
  return { found, text };
}

/** Statuses by their class: 404 and 400 are told apart by the error's code. */
function isSame(expected: Exchange, actual: Exchange): boolean {
  if (Math.floor(expected.status / 100) !== Math.floor(actual.status / 100)) return false;
  return isDeepStrictEqual(expected.body, actual.body);
}

interface Answer {
  /** The body, or what stands in the URL where there is none. */
  readonly sent: string;
  readonly replies: readonly Reply[];
  readonly last: Reply;
}

async function ask(operation: Operation, player: Player): Promise<Answer> {
  const body = operation.body && toJson(resolve(operation.body, player));
  const replies: Reply[] = [];
  let token: string | undefined;
  let last: Reply;
  do {
    last = await sendPage(operation, player, body, token);
    replies.push(last);
    token = operation.pages === undefined ? undefined : nextToken(last);
  } while (token !== undefined && replies.length < MOST_PAGES);
  return { sent: body ?? pathOf(operation, player), replies, last };
}

function exchangeOf(operation: Operation, { sent, replies, last }: Answer, player: Player | undefined): Exchange {
  const scope: Scope = player ?? { prefix: '', ids: { experiment: [], run: [], model: [] } };
  const bodies = replies.map((reply) => normalise(reply.text, scope, operation.isByRunId));
  const body = operation.pages !== undefined && last.status === 200 ? merge(operation.pages, bodies) : bodies[0];
  return { peer: player?.peer.name ?? '', status: last.status, text: last.text, sent, body };
}

async function sendPage(
  operation: Operation,
  player: Player,
  body: string | undefined,
  token: string | undefined,
): Promise<Reply> {
  const [method = ''] = operation.call.split(' ');
  if (token === undefined) return await player.peer.send(method, pathOf(operation, player), body);
  if (body === undefined) return await player.peer.send(method, pathOf(operation, player, [['page_token', token]]));
  return await player.peer.send(
    method,
    pathOf(operation, player),
    toJson({ ...(fromJson(body) as object), page_token: token }),
  );
}

function pathOf(operation: Operation, player: Player, more: readonly [string, string][] = []): string {
  const [, callPath = ''] = operation.call.split(' ');
  const path = operation.path ? resolveText(operation.path, player) : callPath;
  const fields = (operation.query ?? []).map(([field, value]): [string, string] => [
    field,
    textOf(resolve(value, player)),
  ]);
  const query = new URLSearchParams([...fields, ...more]);
  const encoded = path.split('/').map(encodeURIComponent).join('/');
  return `${operation.at ?? '/api/2.0/mlflow/'}${encoded}${query.size > 0 ? `?${query.toString()}` : ''}`;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : toJson(value);
}

function nextToken(reply: Reply | undefined): string | undefined {
  if (reply?.status !== 200) return undefined;
  const parsed = fromJson(reply.text) as { next_page_token?: string };
  return parsed.next_page_token;
}

/** All pages as one list, in the order asked for where it says which of two comes first. */
function merge(field: string, pages: readonly unknown[]): unknown {
  const lists = pages.map((page) => (page as Record<string, unknown[] | undefined>)[field] ?? []);
  const items = field === 'metrics' ? lists.flat() : inOneOrder(lists.flat());
  return { sizes: lists.map((list) => list.length), [field]: items };
}

/** Runs come by start time; those of one time in the order of ids, which are random. */
function inOneOrder(items: readonly unknown[]): unknown[] {
  const keyed = items.map((item) => ({ item, ...placeOf(item) }));
  const groups: (typeof keyed)[] = [];
  for (const each of keyed) {
    const group = groups.at(-1);
    if (group?.[0]?.start === each.start) group?.push(each);
    else groups.push([each]);
  }
  return groups.flatMap((group) => group.toSorted((a, b) => (a.text < b.text ? -1 : 1)).map(({ item }) => item));
}

function placeOf(item: unknown): { start: unknown; text: string } {
  const { info } = item as { info?: { start_time?: unknown; run_id?: string; model_id?: string } };
  return { start: info?.start_time, text: info?.run_id ?? info?.model_id ?? JSON.stringify(item) };
}

function remember(kind: Kind, answers: readonly Answer[], players: readonly Player[]): void {
  for (const [index, { last }] of answers.entries()) {
    const id = last.status === 200 ? madeIn(kind, last.text) : undefined;
    if (id !== undefined) players[index]?.ids[kind].push(id);
  }
}

function madeIn(kind: Kind, text: string): string | undefined {
  const reply = fromJson(text) as {
    experiment_id?: string;
    run?: { info: { run_id: string } };
    model?: { info: { model_id: string } };
  };
  const ids = { experiment: reply.experiment_id, run: reply.run?.info.run_id, model: reply.model?.info.model_id };
  return ids[kind];
}

function describe(operation: Operation, expected: Exchange, actual: Exchange): string {
  const show = ({ peer, status, sent, text, body }: Exchange) =>
    `${peer}: ${status} ${text.slice(0, 1_500)}\n  compared as ${JSON.stringify(body).slice(0, 1_500)}\n  sent ${sent.slice(0, 1_000)}`;
  return `${operation.call}${operation.twist ? ` (${operation.twist})` : ''} answers differ at ${firstDifference(expected.body, actual.body)}\n${show(expected)}\n${show(actual)}`;
}

/** Where two values part, and what stands there. */
function firstDifference(a: unknown, b: unknown, path = '$'): string {
  const isObjects = typeof a === 'object' && typeof b === 'object' && a !== null && b !== null;
  if (!isObjects) return `${path}: ${JSON.stringify(a)} and ${JSON.stringify(b)}`.slice(0, 500);
  const one = a as Readonly<Record<string, unknown>>;
  const other = b as Readonly<Record<string, unknown>>;
  const key = [...new Set([...Object.keys(one), ...Object.keys(other)])].find(
    (field) => !isDeepStrictEqual(one[field], other[field]),
  );
  return key === undefined ? `${path}: the status` : firstDifference(one[key], other[key], `${path}.${key}`);
}

// Calls of MLflow's REST API: exact numbers, credentials, patience with a server that is busy.
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { DomainError } from '#kernel/errors';
import type { Int64 } from '#kernel/int64';
import { parseInt64 } from '#kernel/int64';

export type Json = Readonly<Record<string, unknown>>;

export interface RestClient {
  get(path: string, query?: Readonly<Record<string, string | undefined>>): Promise<Json>;
  post(path: string, body: Json): Promise<Json>;
  /** The text behind a path. @param tries how often it is asked for while the server fails */
  text(path: string, query: Readonly<Record<string, string>>, tries: number): Promise<string>;
  /** The bytes behind a path. */
  stream(path: string, query?: Readonly<Record<string, string>>): Promise<Readable>;
}

/** How to prove who asks: MLflow's own variables of the environment, or what the URL holds. */
export interface Credentials {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly token?: string | undefined;
}

const TRIES = 6;
const FIRST_PAUSE_MS = 250;
const RETRIED = new Set([429, 500, 502, 503, 504]);

export function createRestClient(url: URL, credentials: Credentials): RestClient {
  const base = `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
  const username = url.username === '' ? credentials.username : decodeURIComponent(url.username);
  const password = url.password === '' ? credentials.password : decodeURIComponent(url.password);
  const authorization =
    username !== undefined
      ? `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}`
      : credentials.token === undefined
        ? undefined
        : `Bearer ${credentials.token}`;

  async function send(path: string, init: RequestInit = {}, tries = TRIES): Promise<Response> {
    for (let attempt = 1; ; attempt++) {
      let response: Response | undefined;
      let cause: unknown;
      try {
        response = await fetch(base + path, {
          ...init,
          headers: { ...(init.headers as Record<string, string>), ...(authorization && { authorization }) },
        });
      } catch (error) {
        cause = error;
      }
      if (response?.ok) return response;
      if (attempt < (response ? tries : TRIES) && (!response || RETRIED.has(response.status))) {
        await response?.body?.cancel();
        await pause(FIRST_PAUSE_MS * 2 ** attempt);
        continue;
      }
      throw await failure(base, path, response, cause);
    }
  }

  const withQuery = (path: string, query: Readonly<Record<string, string | undefined>> = {}): string => {
    const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
    return given.length === 0 ? path : `${path}?${new URLSearchParams(given).toString()}`;
  };
  return {
    get: async (path, query) => parseExact(await (await send(withQuery(path, query))).text()),
    post: async (path, body) =>
      parseExact(
        await (
          await send(path, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify(body),
          })
        ).text(),
      ),
    text: async (path, query, tries) => await (await send(withQuery(path, query), {}, tries)).text(),
    async stream(path, query) {
      const { body } = await send(withQuery(path, query));
      return body ? Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]) : Readable.from([]);
    },
  };
}

/** JSON with whole numbers beyond 2^53 as text, so that none is rounded. */
function parseExact(text: string): Json {
  if (!/\d{16}/.test(text)) return JSON.parse(text) as Json;
  const keep = (_key: string, value: unknown, context?: { source?: string }): unknown =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? '')
      ? context?.source
      : value;
  return JSON.parse(text, keep as (key: string, value: unknown) => unknown) as Json;
}

async function failure(
  base: string,
  path: string,
  response: Response | undefined,
  cause: unknown,
): Promise<DomainError> {
  if (!response) {
    return new DomainError('UNAVAILABLE', `No MLflow server answers at ${base}`, {
      field: 'uri',
      hint: 'Look whether it runs, and whether this machine reaches it.',
      cause,
    });
  }
  const said = (await response.text().catch(() => '')).slice(0, 300);
  const { status } = response;
  const facts = { field: 'uri', details: { path: path.split('?')[0] ?? path, status } };
  if (status === 401 || status === 403) {
    return new DomainError(status === 401 ? 'UNAUTHENTICATED' : 'PERMISSION_DENIED', `MLflow refuses: ${said}`, {
      ...facts,
      hint: 'Give MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN.',
    });
  }
  if (status === 404) return new DomainError('NOT_FOUND', `MLflow has no ${path.split('?')[0]}: ${said}`, facts);
  return new DomainError('UNAVAILABLE', `MLflow answered ${status} to ${path.split('?')[0]}: ${said}`, facts);
}

export function text(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

export function textOrNull(value: unknown): string | null {
  const read = text(value);
  return read === '' ? null : read;
}

export function number(value: unknown): number {
  return Number(value ?? 0);
}

export function int64Of(value: unknown): Int64 {
  return typeof value === 'number' ? value : (parseInt64(text(value)) ?? 0);
}

/** Names and values that MLflow writes as a list of pairs. */
export function texts(pairs: unknown): Record<string, string> {
  return Object.fromEntries(list(pairs).map((pair) => [text(pair['key']), text(pair['value'])]));
}

export function list(value: unknown): Json[] {
  return Array.isArray(value) ? (value as Json[]) : [];
}

export function object(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

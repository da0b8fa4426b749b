import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { text as textOf } from 'node:stream/consumers';
import { DomainError, invalid, messageOf } from '#kernel/errors';

const CALL_TIMEOUT_MS = 15_000;

export interface RayJob {
  readonly submission_id: string | null;
  readonly status: 'PENDING' | 'RUNNING' | 'STOPPED' | 'SUCCEEDED' | 'FAILED';
  readonly message?: string | null;
  readonly metadata?: Readonly<Record<string, string>> | null;
}

export interface JobSubmission {
  readonly entrypoint: string;
  readonly runtime_env: { readonly env_vars: Readonly<Record<string, string>> };
  readonly metadata: Readonly<Record<string, string>>;
}

/** Ray's Jobs REST API (https://docs.ray.io/en/latest/cluster/running-applications/job-submission/rest.html). */
export interface RayJobs {
  /** Returns the submission's id. */
  submit(job: JobSubmission): Promise<string>;
  /** Undefined where Ray knows no such job. */
  get(id: string): Promise<RayJob | undefined>;
  list(): Promise<readonly RayJob[]>;
  /** Asks it to end: TERM, and KILL seconds later. One that has ended is left as it is. */
  stop(id: string): Promise<void>;
  /** @throws DomainError PERMISSION_DENIED where Ray answers people without a token */
  assertGuarded(): Promise<void>;
}

export const hasJobEnded = ({ status }: RayJob): boolean => status !== 'PENDING' && status !== 'RUNNING';

/**
 * @param address of the dashboard, e.g. `http://127.0.0.1:8265`
 * @throws DomainError, from each call: UNAVAILABLE where Ray does not answer, UNAUTHENTICATED where it refuses the token
 */
export function createRayJobs(address: string, token: string): RayJobs {
  const base = baseOf(address);

  async function call(method: string, path: string, body?: unknown, withToken = true): Promise<Answer> {
    try {
      return await send(new URL(`${base}${path}`), method, body, withToken ? token : undefined);
    } catch (cause) {
      throw new DomainError('UNAVAILABLE', `Ray does not answer at ${base}: ${messageOf(cause)}`, {
        field: 'rayAddress',
        hint: 'Start it (`ray start --head`), or correct the address: it is that of the dashboard, with port 8265 as a rule.',
        cause,
      });
    }
  }

  function read({ status, text }: Answer): unknown {
    const said = text.slice(0, 500);
    if (status === 401 || status === 403) {
      throw new DomainError('UNAUTHENTICATED', `Ray at ${base} refuses the token: ${said}`, {
        field: 'rayToken',
        hint: 'Give the one that the cluster was started with (RAY_AUTH_TOKEN, or ~/.ray/auth_token).',
      });
    }
    try {
      if (status === 200) return JSON.parse(text) as unknown;
    } catch {
      // What follows says it.
    }
    throw new DomainError('UNAVAILABLE', `Ray at ${base} answered ${status}: ${said}`, {
      field: 'rayAddress',
      hint: 'Is it the address of the dashboard, and was Ray installed as ray[default]?',
    });
  }

  return {
    async submit(job) {
      const { submission_id: id } = read(await call('POST', '/api/jobs/', job)) as { submission_id: string };
      return id;
    },
    async get(id) {
      const response = await call('GET', `/api/jobs/${encodeURIComponent(id)}`);
      if (response.status === 404) return undefined;
      return read(response) as RayJob;
    },
    async list() {
      return read(await call('GET', '/api/jobs/')) as RayJob[];
    },
    async stop(id) {
      const response = await call('POST', `/api/jobs/${encodeURIComponent(id)}/stop`);
      if (response.status !== 404) read(response);
    },
    async assertGuarded() {
      const { status } = await call('GET', '/api/jobs/', undefined, false);
      if (status !== 200) return;
      throw new DomainError('PERMISSION_DENIED', `Ray at ${base} lets everybody run programs: it asks for no token`, {
        field: 'rayAddress',
        hint: 'Start every node of it with RAY_AUTH_MODE=token and one RAY_AUTH_TOKEN.',
      });
    },
  };
}

function baseOf(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return address.replace(/\/+$/, '');
  throw invalid(`${JSON.stringify(address)} is no address of a Ray dashboard`, {
    field: 'rayAddress',
    hint: 'It looks like http://127.0.0.1:8265. The other addresses of Ray (ray://…, HOST:6379) are not for jobs.',
  });
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Not by `fetch`: Ray takes what bears its headers for a browser, and refuses it (CVE-2025-62593). No redirect is followed. */
async function send(url: URL, method: string, body: unknown, token: string | undefined): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, {
    method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
  });
  request.once('response', resolve).once('error', reject);
  request.end(body === undefined ? undefined : JSON.stringify(body));
  const response = await promise;
  return { status: response.statusCode ?? 0, text: await textOf(response) };
}

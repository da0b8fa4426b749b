import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  modelPackage,
  problem,
  routes,
  snapshot,
  type CallCount,
  type ModelPackage,
  type ReplicaReport,
  type Snapshot,
  type WithheldTraffic,
} from '@capstan/api';
import { DomainError } from '#kernel/errors';
import { postFile } from './post-file.ts';

export interface ReportAnswer {
  /** How many data planes there are, where the control plane tells that. */
  readonly replicas?: number | undefined;
  /** What the replica is not to answer. */
  readonly withheld?: WithheldTraffic | undefined;
}

/** What a data plane asks of the control plane. */
export interface ControlPlane {
  /** `replica`: who waits. @throws DomainError UNAVAILABLE when it does not answer; the same for the rest */
  nextSnapshot(has: Snapshot | undefined, waitMs: number, signal: AbortSignal, replica?: string): Promise<Snapshot>;
  /** The files of a model, by the digest of their list. @throws DomainError NOT_FOUND */
  modelPackage(digest: string, signal: AbortSignal): Promise<ModelPackage>;
  /** Writes the model file to a path. @throws DomainError NOT_FOUND */
  download(digest: string, path: string, signal: AbortSignal): Promise<void>;
  /** Sends a file of the log. @throws DomainError INVALID_ARGUMENT when it will never be taken */
  sendSegment(id: string, replica: string, path: string): Promise<void>;
  /** Counts of calls; the same batch again has no effect. @throws DomainError INVALID_ARGUMENT when it will never be taken */
  sendCalls(batch: string, replica: string, counts: readonly CallCount[]): Promise<void>;
  /** Returns what there is to say to it: undefined where nobody keeps an eye on it. */
  report(replica: string, report: ReplicaReport): Promise<ReportAnswer | undefined>;
  /** Says that this replica stops. */
  leave(replica: string): Promise<void>;
  /** What a deployment was asked of late: values by input. */
  recentInputs(
    deployment: string,
    rows: number,
    signal: AbortSignal,
  ): Promise<readonly Readonly<Record<string, unknown>>[]>;
}

const recent = routes.serving.inputs.reply;
/** Nobody waits longer for one that stops anyway. */
const GOODBYE_MS = 2_000;
const ANSWER_TIMEOUT_MS = 30_000;

/** The control plane at an address, e.g. `http://127.0.0.1:5050`. */
export function connectControlPlane(baseUrl: string): ControlPlane {
  async function call(path: string, init: RequestInit = {}, signal?: AbortSignal): Promise<Response> {
    let response: Response;
    const limit = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    try {
      response = await fetch(baseUrl + path, { ...init, signal: signal ? AbortSignal.any([signal, limit]) : limit });
    } catch (cause) {
      throw silent(cause);
    }
    if (response.ok) return response;
    throw refusal(response.status, await response.text());
  }
  const silent = (cause: unknown): DomainError =>
    new DomainError('UNAVAILABLE', `The control plane does not answer at ${baseUrl}`, { cause });
  const headers = (type: string, replica: string) => ({ 'content-type': type, 'x-capstan-replica': replica });
  const post = (body: string, replica: string): RequestInit => ({
    method: 'POST',
    body,
    headers: headers('application/json', replica),
  });
  return {
    async nextSnapshot(has, waitMs, signal, replica) {
      const query = new URLSearchParams({ waitMs: String(waitMs), ...(replica !== undefined && { replica }) });
      if (has) {
        query.set('after', String(has.version));
        query.set('at', String(has.now));
      }
      const response = await call(`/api/v1/serving/snapshot?${query.toString()}`, {}, signal);
      return snapshot.parse(await response.json());
    },
    async modelPackage(digest, signal) {
      const response = await call(`/api/v1/serving/packages/${digest}`, {}, signal);
      return modelPackage.parse(await response.json());
    },
    async download(digest, path, signal) {
      const response = await call(`/api/v1/serving/blobs/${digest}`, {}, signal);
      if (!response.body) throw new DomainError('UNAVAILABLE', 'The control plane sent no model file');
      await pipeline(Readable.fromWeb(response.body), createWriteStream(path, { mode: 0o600 }));
    },
    async sendSegment(id, replica, path) {
      const { status, text } = await postFile(`${baseUrl}/api/v1/serving/segments/${id}`, path, {
        headers: headers('application/octet-stream', replica),
        timeoutMs: ANSWER_TIMEOUT_MS,
      }).catch((cause: unknown) => {
        throw cause instanceof Error && 'path' in cause ? cause : silent(cause);
      });
      if (status >= 300) throw refusal(status, text);
    },
    async sendCalls(batch, replica, counts) {
      const body = JSON.stringify({ replica, counts });
      await call(`/api/v1/serving/calls/${batch}`, post(body, replica));
    },
    async leave(replica) {
      await call(`/api/v1/serving/replicas/${replica}`, { method: 'DELETE' }, AbortSignal.timeout(GOODBYE_MS));
    },
    async recentInputs(deployment, rows, signal) {
      const path = `/api/v1/serving/inputs/${encodeURIComponent(deployment)}?rows=${rows}`;
      return recent.parse(await (await call(path, {}, signal)).json()).rows;
    },
    async report(replica, report) {
      const init = post(JSON.stringify(report), replica);
      const response = await call(`/api/v1/serving/replicas/${replica}`, init);
      return routes.serving.report.reply.parse(await response.json());
    },
  };
}

function refusal(status: number, text: string): DomainError {
  try {
    const { code, detail, hint } = problem.parse(JSON.parse(text));
    return new DomainError(code as DomainError['code'], detail, hint === undefined ? {} : { hint });
  } catch (cause) {
    return new DomainError('UNAVAILABLE', `The control plane answered ${status}`, { cause });
  }
}

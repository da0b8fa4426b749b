import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { ReportedFact, ReportedRun } from '@capstan/api';
import { ApiError, type Client } from '@capstan/client';
import { journalOf, markSent, readLines } from '#repository';

/** A server is told at least so often that a run goes on. */
const SIGN_OF_LIFE_MS = 10_000;
const PIECE_BYTES = 256 << 10;
/** Of one log at one time, so that facts do not wait behind it. */
const PIECES_AT_ONCE = 8;
const FACTS_AT_ONCE = 200;

/** The sending of one run, from its journal and the logs beside it. */
export interface RunSending {
  /**
   * Sends some of what there is. Returns false when there was nothing.
   * @throws ApiError
   */
  step(signal: AbortSignal): Promise<boolean>;
  /** Everything was sent, the end of the run included. */
  readonly isDone: boolean;
}

interface Log {
  readonly file: string;
  /** How much of it the server has; undefined until it was asked. */
  sent: number | undefined;
  /** The server takes no more of it. */
  isFull: boolean;
}

/** @param folder of the run; @param url where it is sent to, for whoever asks later */
export function sendRun(client: Client, url: string, folder: string): RunSending {
  const { reportedRuns } = client;
  const facts: ReportedFact[] = [];
  const logs = new Map<string, Log>();
  let begin: ReportedRun | undefined;
  let readTo = 0;
  /** Number of the fact to go on with; undefined until the server was asked. */
  let next: number | undefined;
  let saidAtMs = 0;
  let isDone = false;

  function readJournal(): void {
    const { lines, sizeBytes } = readLines(readFrom(journalOf(folder), readTo, Number.POSITIVE_INFINITY));
    readTo += sizeBytes;
    for (const line of lines) {
      if ('begin' in line) {
        begin = line.begin;
        continue;
      }
      facts.push(line.fact);
      if (line.fact.kind !== 'stage-began' || line.log === undefined) continue;
      logs.set(line.fact.attempt, { file: join(folder, basename(line.log)), sent: undefined, isFull: false });
    }
  }

  /** Sends what there is of a log up to a place. False where more is left. */
  async function sendLog(attempt: string, log: Log, end: number, signal: AbortSignal): Promise<boolean> {
    if (log.isFull) return true;
    const append = async (offset: number, bytes: Buffer): Promise<void> => {
      const body = { offset, bytes: bytes.toString('base64') };
      log.sent = (await reportedRuns.appendLog({ params: { attempt }, body }, signal)).sizeBytes;
      saidAtMs = performance.now();
    };
    if (log.sent === undefined) await append(0, Buffer.alloc(0));
    for (let piece = 0; piece < PIECES_AT_ONCE; piece++) {
      const offset = log.sent ?? 0;
      const bytes = readFrom(log.file, offset, Math.min(PIECE_BYTES, end - offset));
      if (bytes.length === 0) return true;
      try {
        await append(offset, bytes);
      } catch (error) {
        if (!(error instanceof ApiError) || error.problem.code !== 'RESOURCE_EXHAUSTED') throw error;
        log.isFull = true;
        return true;
      }
    }
    return false;
  }

  /** As it is told: with no length of a log that the server has not whole. */
  function finished(fact: ReportedFact): ReportedFact {
    if (fact.kind !== 'stage-ended' || fact.attempt === null) return fact;
    const log = logs.get(fact.attempt);
    if (log?.sent === fact.logBytes) return fact;
    const warning = log?.isFull
      ? 'its log is longer than a server keeps: the whole is in its checkout'
      : 'the end of its log is lost';
    return { ...fact, logBytes: null, report: { ...fact.report, warnings: [...fact.report.warnings, warning] } };
  }

  async function sendFacts(run: string, from: number, signal: AbortSignal): Promise<void> {
    const batch: ReportedFact[] = [];
    for (const fact of facts.slice(from, from + FACTS_AT_ONCE)) {
      if (fact.kind === 'stage-ended' && fact.attempt !== null) {
        const log = logs.get(fact.attempt);
        if (log && !log.isFull && log.sent !== fact.logBytes) {
          // The attempt must be known before its log is.
          if (batch.length > 0) break;
          if (!(await sendLog(fact.attempt, log, fact.logBytes ?? Number.POSITIVE_INFINITY, signal))) return;
        }
      }
      batch.push(finished(fact));
    }
    const told = await reportedRuns.report({ params: { run }, body: { from, facts: batch } }, signal);
    saidAtMs = performance.now();
    next = told.next;
    for (const fact of batch) if (fact.kind === 'stage-ended' && fact.attempt !== null) logs.delete(fact.attempt);
    if (next < facts.length || facts.at(-1)?.kind !== 'run-ended') return;
    markSent(folder, url);
    isDone = true;
  }

  return {
    async step(signal) {
      if (isDone) return false;
      readJournal();
      if (!begin) return false;
      if (next === undefined) {
        next = (await reportedRuns.begin({ body: begin }, signal)).next;
        saidAtMs = performance.now();
        if (next < facts.length) return true;
      }
      const from = Math.min(next, facts.length);
      // All was told before, and nobody noted it here.
      if (from < facts.length || facts.at(-1)?.kind === 'run-ended') {
        await sendFacts(begin.id, from, signal);
        return true;
      }
      let isSending = false;
      for (const [attempt, log] of logs) {
        const before = log.sent ?? 0;
        await sendLog(attempt, log, Number.POSITIVE_INFINITY, signal);
        if ((log.sent ?? 0) > before) isSending = true;
      }
      if (performance.now() - saidAtMs < SIGN_OF_LIFE_MS) return isSending;
      await reportedRuns.report({ params: { run: begin.id }, body: { from, facts: [] } }, signal);
      saidAtMs = performance.now();
      return isSending;
    },
    get isDone() {
      return isDone;
    },
  };
}

/** At most so many bytes of a file from a place on; none where there is no file. */
function readFrom(path: string, start: number, most: number): Buffer {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return Buffer.alloc(0);
  }
  try {
    const bytes = Buffer.alloc(Math.max(0, Math.min(most, fstatSync(file).size - start)));
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, start));
  } finally {
    closeSync(file);
  }
}

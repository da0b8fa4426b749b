// A load generator in a process of its own: raw sockets with keep-alive and requests built before, so that it costs as
// little as it can beside the server. One job by message, one result back. See load.ts.
import { connect, type Socket } from 'node:net';
import type { LoadJob, LoadResult } from './load.ts';

const MOST_LATENCIES = 4_000_000;
const HEAD_END = Buffer.from('\r\n\r\n');
const CHUNKED_END = Buffer.from('0\r\n\r\n');

process.once('message', (job: LoadJob) => {
  void runJob(job).then((result) => process.send?.(result, () => process.exit(0)));
});

/** Latencies of answers within the measured time, by status; the rest of a run warms both sides up. */
interface Tally {
  readonly latenciesMs: Float64Array;
  count: number;
  readonly byStatus: Record<string, number>;
  readonly startsAt: number;
  readonly endsAt: number;
}

async function runJob(job: LoadJob): Promise<LoadResult> {
  const requests = job.requests.map((request) => Buffer.from(request));
  const startsAt = performance.now() + job.warmUpMs;
  const tally: Tally = {
    latenciesMs: new Float64Array(MOST_LATENCIES),
    count: 0,
    byStatus: {},
    startsAt,
    endsAt: startsAt + job.durationMs,
  };
  const mine = (index: number): Buffer => requests[index % requests.length] ?? Buffer.alloc(0);
  const unanswered = job.rate === undefined ? await closedLoop(job, mine, tally) : await openLoop(job, mine, tally);
  const sorted = tally.latenciesMs.subarray(0, tally.count).toSorted();
  const quantile = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return {
    byStatus: tally.byStatus,
    unanswered,
    perSecond: (tally.byStatus['200'] ?? 0) / (job.durationMs / 1_000),
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    maxMs: sorted.at(-1) ?? 0,
    withinDeadlinePerSecond:
      job.deadlineMs === undefined ? 0 : countWithin(tally, job.deadlineMs) / (job.durationMs / 1_000),
  };
}

/** Latencies of answers other than 200 are not kept: a quick refusal is no quick answer. */
function countWithin({ latenciesMs, count }: Tally, deadlineMs: number): number {
  let within = 0;
  for (let index = 0; index < count; index++) if ((latenciesMs[index] ?? Infinity) <= deadlineMs) within += 1;
  return within;
}

function note(tally: Tally, status: string, since: number): void {
  const now = performance.now();
  if (now < tally.startsAt || now > tally.endsAt) return;
  tally.byStatus[status] = (tally.byStatus[status] ?? 0) + 1;
  if (status !== '200' || tally.count === MOST_LATENCIES) return;
  tally.latenciesMs[tally.count++] = now - since;
}

/** Each connection sends its next request once it has the answer to the one before. */
async function closedLoop(job: LoadJob, mine: (index: number) => Buffer, tally: Tally): Promise<number> {
  let next = 0;
  await Promise.all(
    Array.from({ length: job.connections }, async () => {
      const connection = await open(job);
      await new Promise<void>((resolve, reject) => {
        let sentAt = performance.now();
        connection.onAnswer = (status) => {
          note(tally, status, sentAt);
          sentAt = performance.now();
          if (sentAt > tally.endsAt) return resolve();
          connection.send(mine(next++));
        };
        connection.onEnd = (error) => reject(error);
        connection.send(mine(next++));
      });
      connection.close();
    }),
  );
  return 0;
}

/**
 * Requests at a constant rate whether the server keeps up or not; each one's latency counts from when it was due, so a
 * stall of the server is in all the latencies it held up (no coordinated omission).
 */
async function openLoop(job: LoadJob, mine: (index: number) => Buffer, tally: Tally): Promise<number> {
  const idle = await Promise.all(Array.from({ length: job.connections }, () => open(job)));
  const due: number[] = [];
  let next = 0;
  let inFlight = 0;
  let givenUp = 0;
  const begunAt = performance.now();
  const gapMs = 1_000 / (job.rate ?? 1);
  const give = (connection: Connection): void => {
    // Callers who would hear too late have given up before they got through.
    while (job.deadlineMs !== undefined && (due[0] ?? Infinity) < performance.now() - job.deadlineMs) {
      due.shift();
      givenUp += 1;
    }
    const at = due.shift();
    if (at === undefined) {
      idle.push(connection);
      return;
    }
    inFlight += 1;
    connection.onAnswer = (status) => {
      inFlight -= 1;
      note(tally, status, at);
      give(connection);
    };
    connection.send(mine(next++));
  };
  let planned = 0;
  await new Promise<void>((resolve) => {
    const turn = (): void => {
      const now = performance.now();
      if (now > tally.endsAt) return resolve();
      for (; begunAt + planned * gapMs <= now; planned++) due.push(begunAt + planned * gapMs);
      for (let connection = idle.pop(); connection; connection = due.length > 0 ? idle.pop() : undefined)
        give(connection);
      setTimeout(turn, 1);
    };
    turn();
  });
  return inFlight + due.length + givenUp;
}

interface Connection {
  send(request: Buffer): void;
  onAnswer: (status: string) => void;
  onEnd: (error: Error) => void;
  close(): void;
}

/** One request at a time. Reads as much of HTTP/1.1 as the servers here speak: a length, or chunks. */
async function open({ host, port }: LoadJob): Promise<Connection> {
  let rest: Buffer | undefined;
  const connection: Connection = {
    send: (request) => void socket.write(request),
    onAnswer: () => {},
    onEnd: () => {},
    close: () => void socket.destroy(),
  };
  const receive = (chunk: Buffer): void => {
    const bytes = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
    const status = wholeAnswer(bytes);
    // The buffer of a socket is used again for what comes next.
    rest = status === undefined ? Buffer.from(bytes) : undefined;
    if (status !== undefined) connection.onAnswer(status);
  };
  const socket: Socket = connect({
    host,
    port,
    noDelay: true,
    onread: {
      buffer: Buffer.alloc(65_536),
      callback(length, buffer) {
        receive(Buffer.from(buffer.buffer, 0, length));
        return true;
      },
    },
  });
  socket.on('error', (error) => connection.onEnd(error));
  socket.on('close', () => connection.onEnd(new Error('the server closed a connection')));
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  return connection;
}

/** Its status once all of it is there. */
function wholeAnswer(bytes: Buffer): string | undefined {
  const headEnd = bytes.indexOf(HEAD_END);
  if (headEnd < 0) return undefined;
  const head = bytes.toString('latin1', 0, headEnd);
  const length = /content-length: *(\d+)/i.exec(head)?.[1];
  const isWhole =
    length === undefined
      ? bytes.subarray(-CHUNKED_END.length).equals(CHUNKED_END)
      : bytes.length >= headEnd + HEAD_END.length + Number(length);
  return isWhole ? head.slice(9, 12) : undefined;
}

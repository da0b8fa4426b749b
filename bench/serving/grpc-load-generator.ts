// Sends one message over and over on many HTTP/2 connections, a call at a time on each, and times the answers. Frames are
// written by hand, since every HTTP/2 client of Node costs more than the servers that are measured. Run by grpc.ts.
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface GrpcJob {
  readonly port: number;
  readonly path: string;
  readonly messages: readonly Uint8Array[];
  readonly connections: number;
  readonly warmUpMs: number;
  readonly durationMs: number;
}

export interface GrpcResult {
  /** Answers with a message. */
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers without one, and connections that were lost. */
  readonly failed: number;
}

const FRAME = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, away: 7, window: 8 } as const;
const HEAD_BYTES = 9;
const END_STREAM = 1;
const END_HEADERS = 4;
/** Connection preface, settings with a large window for streams, and the same for the connection. */
const HELLO = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  frame(FRAME.settings, 0, 0, Buffer.from([0, 4, 0x7f, 0xff, 0, 0])),
  frame(FRAME.window, 0, 0, Buffer.from([0x3f, 0xff, 0, 0])),
]);

function frame(type: number, flags: number, stream: number, body: Uint8Array): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUIntBE(body.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, body]);
}

/** HPACK without its tables: each header as a literal, but for the method and the scheme. */
function headersOf({ port, path }: GrpcJob): Buffer {
  const literal = (name: string, value: string): Buffer =>
    Buffer.concat([Buffer.from([0, name.length]), Buffer.from(name), Buffer.from([value.length]), Buffer.from(value)]);
  return Buffer.concat([
    Buffer.from([0x83, 0x86]),
    literal(':path', path),
    literal(':authority', `127.0.0.1:${port}`),
    literal('te', 'trailers'),
    literal('content-type', 'application/grpc'),
  ]);
}

async function run(job: GrpcJob): Promise<GrpcResult> {
  const headers = headersOf(job);
  const bodies = job.messages.map((message) => {
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(message.length, 1);
    return Buffer.concat([prefix, message]);
  });
  const times: number[] = [];
  let isCounting = false;
  let failed = 0;
  let turn = 0;

  const sockets = Array.from({ length: job.connections }, () => {
    const socket = connect(job.port, '127.0.0.1');
    socket.setNoDelay(true);
    let stream = 1;
    let started = 0;
    let hasMessage = false;
    let rest = Buffer.alloc(0);
    const send = (): void => {
      const body = bodies[turn++ % bodies.length] ?? Buffer.alloc(0);
      started = performance.now();
      hasMessage = false;
      socket.write(
        Buffer.concat([
          frame(FRAME.headers, END_HEADERS, stream, headers),
          frame(FRAME.data, END_STREAM, stream, body),
        ]),
      );
      stream += 2;
    };
    socket.on('error', () => failed++);
    socket.on('data', (chunk: Buffer) => {
      rest = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
      let at = 0;
      while (rest.length - at >= HEAD_BYTES) {
        const end = at + HEAD_BYTES + rest.readUIntBE(at, 3);
        if (rest.length < end) break;
        const [type, flags = 0] = rest.subarray(at + 3, at + 5);
        if (type === FRAME.data) hasMessage = true;
        if (type === FRAME.settings && flags === 0) socket.write(frame(FRAME.settings, 1, 0, Buffer.alloc(0)));
        if (type === FRAME.ping && flags === 0) {
          socket.write(frame(FRAME.ping, 1, 0, rest.subarray(at + HEAD_BYTES, end)));
        }
        const isLast = (type === FRAME.headers || type === FRAME.data) && (flags & END_STREAM) !== 0;
        if (isLast || type === FRAME.reset) {
          if (!hasMessage || type === FRAME.reset) failed++;
          else if (isCounting) times.push(performance.now() - started);
          send();
        }
        at = end;
      }
      rest = rest.subarray(at);
    });
    socket.write(HELLO);
    send();
    return socket;
  });

  await sleep(job.warmUpMs);
  isCounting = true;
  const since = performance.now();
  await sleep(job.durationMs);
  const seconds = (performance.now() - since) / 1_000;
  const sorted = times.toSorted((a, b) => a - b);
  for (const socket of sockets) socket.destroy();
  return {
    perSecond: sorted.length / seconds,
    p50Ms: sorted[Math.floor(sorted.length / 2)] ?? Number.NaN,
    p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN,
    failed,
  };
}

process.once('message', (job) => {
  void run(job as GrpcJob).then((result) => process.send?.(result, () => process.exit(0)));
});

/** What a handler knows of its call that a log of calls should tell: names and counts, never what was sent or answered. */
export type CallNotes = Readonly<Record<string, string | number | null | readonly number[]>>;

/** One call that is over. */
export interface AccessFacts {
  readonly protocol: 'rest' | 'grpc';
  /** Null where the caller was told none. */
  readonly requestId: string | null;
  readonly method: string;
  /** The route's template, never the path that a caller made up. */
  readonly route: string;
  readonly status: number;
  readonly durationMs: number;
  /** Of the bodies; null where that is not known. */
  readonly bytesIn: number | null;
  readonly bytesOut: number | null;
  readonly remoteAddress: string | undefined;
  /** The header of W3C Trace Context, as it came. */
  readonly traceparent: string | string[] | undefined;
  /** Whose token it carried; null for none. */
  readonly consumer: string | null;
  readonly notes: CallNotes | null;
}

const INFO = 30;
const NOTHING_NOTED: CallNotes = {};

/** A line of JSON with the members that every line of the log has. `time`: milliseconds since 1970. */
export function accessLine({ durationMs, remoteAddress, traceparent, notes, ...facts }: AccessFacts, time: number) {
  const line = {
    level: INFO,
    time,
    pid: process.pid,
    msg: 'access',
    ...facts,
    durationMs: Math.round(durationMs * 1_000) / 1_000,
    remoteAddress: remoteAddress ?? null,
    traceId: traceIdIn(traceparent),
    ...(notes ?? NOTHING_NOTED),
  };
  return `${JSON.stringify(line)}\n`;
}

/** Version, trace, span and flags; later versions may say more behind a dash. https://www.w3.org/TR/trace-context/ */
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$/;

function traceIdIn(header: AccessFacts['traceparent']): string | null {
  if (typeof header !== 'string') return null;
  const [, version, trace, more] = TRACEPARENT.exec(header) ?? [];
  return trace === undefined || (version === '00' && more !== undefined) ? null : trace;
}

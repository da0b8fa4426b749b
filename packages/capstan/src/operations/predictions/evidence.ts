import type { Reader } from '#database';
import type { EvidenceCursor, EvidenceItem, PartOutcome } from '#operations/deployments';
import {
  firstKnownAfter,
  knownAt,
  labelledRows,
  requestParts,
  shadowComparisons,
  type Comparison,
  type EvidenceRange,
  type PartRow,
} from './evidence.store.ts';
import { lastNumber } from './store.ts';

export interface EvidenceBatch {
  readonly items: readonly EvidenceItem[];
  /** Everything up to this number has been looked at. */
  readonly upTo: number;
  readonly isLast: boolean;
}

/** A batch ends with the first instant that makes it this large. */
const NUMBERS_PER_BATCH = 20_000;

/**
 * The next evidence of a rollout, of what became known up to `horizon`. Its order is by when a thing became known, then
 * by event time, then by example: never by how answers and their shadows happened to arrive within an instant. So the
 * same requests and outcomes at the same times give the same decisions. A batch holds whole instants, hence whole
 * requests, whose parts are one piece of evidence.
 */
export async function nextEvidence(reader: Reader, cursor: EvidenceCursor, horizon: number): Promise<EvidenceBatch> {
  const { deployment, rollout, seq: after } = cursor;
  const head = await lastNumber(reader, deployment);
  const beyond = await firstKnownAfter(reader, deployment, after + 1, horizon);
  const last = Math.max(after, Math.min(head, (beyond ?? head + 1) - 1));
  const upTo = await endOfBatch(reader, deployment, after + NUMBERS_PER_BATCH, last);
  const range: EvidenceRange = { deployment, rollout, after, upTo };
  const parts = await requestParts(reader, range);
  const comparisons = new Map((await shadowComparisons(reader, range)).map((row) => [row.request_id, row]));
  const found = [...requestItems(parts), ...shadowItems(parts, comparisons), ...(await labelItems(reader, range))];
  return { items: numbered(found.toSorted(compare), range), upTo, isLast: upTo >= last };
}

/** The end of the instant in which `wanted` was taken. */
async function endOfBatch(reader: Reader, deployment: string, wanted: number, last: number): Promise<number> {
  if (wanted >= last) return last;
  const at = await knownAt(reader, deployment, wanted);
  const next = at === undefined ? undefined : await firstKnownAfter(reader, deployment, wanted, at);
  return Math.min(last, (next ?? last + 1) - 1);
}

type Unnumbered<Item> = Item extends EvidenceItem ? Omit<Item, 'seq'> : never;

interface Found {
  readonly item: Unnumbered<EvidenceItem>;
  /** Of its first row. */
  readonly eventTime: number;
  readonly exampleId: string;
  /** Rows it speaks of. */
  readonly rows: number;
}

const KIND_ORDER = { request: 0, shadow: 1, pair: 2, labelled: 3 } as const;

function compare(a: Found, b: Found): number {
  const byTime = a.item.at - b.item.at || a.eventTime - b.eventTime;
  if (byTime !== 0) return byTime;
  if (a.exampleId !== b.exampleId) return a.exampleId < b.exampleId ? -1 : 1;
  return KIND_ORDER[a.item.kind] - KIND_ORDER[b.item.kind];
}

/** Each item gets the number up to which the log has been seen once it is taken, in this order. */
function numbered(found: readonly Found[], { after, upTo }: EvidenceRange): EvidenceItem[] {
  let seq = after;
  return found.map(({ item, rows }) => {
    seq = Math.min(upTo, seq + rows);
    return { ...item, seq };
  });
}

function requestItems(parts: readonly PartRow[]): Found[] {
  const drawn = parts.filter((part) => part.role !== 'shadow' && part.role !== 'direct' && part.share > 0);
  return [...Map.groupBy(drawn, (part) => part.request_id).values()].flatMap((ofRequest): Found[] => {
    const canary = ofRequest.find((part) => part.role === 'canary');
    const champion = ofRequest.find((part) => part.role !== 'canary');
    const first = ofRequest[0];
    if (!first) return [];
    const item = {
      kind: 'request',
      at: first.ingested_at,
      stage: first.stage ?? 0,
      share: canary ? canary.share : restOf(first.share),
      canary: canary ? outcomeOf(canary) : null,
      champion: champion ? outcomeOf(champion) : null,
    } as const;
    return [{ item, ...placeOf(first), rows: (canary?.part_rows ?? 0) + (champion?.part_rows ?? 0) }];
  });
}

function shadowItems(parts: readonly PartRow[], comparisons: ReadonlyMap<string, Comparison>): Found[] {
  return parts
    .filter((part) => part.role === 'shadow')
    .map((part) => {
      const item = {
        kind: 'shadow',
        at: part.ingested_at,
        stage: part.stage ?? 0,
        part: outcomeOf(part),
        compared: comparisons.get(part.request_id)?.compared ?? 0,
        differing: comparisons.get(part.request_id)?.differing ?? 0,
      } as const;
      return { item, ...placeOf(part), rows: part.part_rows };
    });
}

async function labelItems(reader: Reader, range: EvidenceRange): Promise<Found[]> {
  return (await labelledRows(reader, range)).flatMap((row): Found[] => {
    const place = { ...placeOf(row), rows: 1 };
    const at = row.labelled_at;
    if (row.role === 'shadow') {
      if (row.served_loss === null) return [];
      return [{ item: { kind: 'pair', at, candidateLoss: row.loss, championLoss: row.served_loss }, ...place }];
    }
    const isCanary = row.role === 'canary';
    const share = isCanary ? row.share : restOf(row.share);
    return [{ item: { kind: 'labelled', at, isCanary, share, loss: row.loss }, ...place }];
  });
}

function placeOf(row: { readonly event_time: number; readonly example_id: string }) {
  return { eventTime: row.event_time, exampleId: row.example_id };
}

/** The canary's share beside the champion's, without the last bits that a subtraction leaves. */
function restOf(share: number): number {
  return Math.round((1 - share) * 1e12) / 1e12;
}

function outcomeOf(part: PartRow): PartOutcome {
  return { rows: part.part_rows, isError: part.error !== null, latencyUs: part.latency_us };
}

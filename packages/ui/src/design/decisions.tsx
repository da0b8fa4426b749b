import type { ReactNode } from 'react';
import { count, figure } from './format.ts';
import { State, type Tone } from './state.tsx';
import { Table } from './table.tsx';

/** One question with its answer and what it rests on. The same on every screen that shows a decision. */
export interface Decision {
  readonly name: string;
  readonly status: 'pass' | 'fail' | 'unknown' | 'running';
  readonly value: number | string | null;
  readonly limit: number | string | null;
  readonly n: number | null;
  readonly interval?: readonly [number, number] | undefined;
  readonly reason: string | null;
  readonly evidence?: ReactNode;
}

const tones: Record<Decision['status'], { readonly tone: Tone; readonly word: string }> = {
  pass: { tone: 'success', word: 'pass' },
  fail: { tone: 'danger', word: 'fail' },
  unknown: { tone: 'unknown', word: 'unknown' },
  running: { tone: 'working', word: 'running' },
};

/** The status of one decision. */
export function DecisionState({ status }: { status: Decision['status'] }) {
  return <State tone={tones[status].tone}>{tones[status].word}</State>;
}

/** Decisions with value, limit, number of examples, verdict, why and evidence. */
export function Decisions({ caption, decisions }: { caption: string; decisions: readonly Decision[] }) {
  const hasEvidence = decisions.some((decision) => decision.evidence !== undefined);
  return (
    <Table<Decision & { readonly index: number }>
      caption={caption}
      rows={decisions.map((decision, index) => ({ ...decision, index }))}
      keyOf={(row) => row.index}
      columns={[
        { name: 'Check', cell: (row) => row.name },
        { name: 'Verdict', cell: (row) => <DecisionState status={row.status} /> },
        {
          name: 'Value',
          isNumber: true,
          cell: (row) => (
            <>
              {shown(row.value)}
              {row.interval && <div>{`[${figure(row.interval[0])}, ${figure(row.interval[1])}]`}</div>}
            </>
          ),
        },
        { name: 'Limit', isNumber: true, cell: (row) => shown(row.limit) },
        { name: 'n', isNumber: true, cell: (row) => (row.n === null ? '' : count(row.n)) },
        { name: 'Why', cell: (row) => row.reason ?? '' },
        ...(hasEvidence ? [{ name: 'Evidence', cell: (row: Decision) => row.evidence }] : []),
      ]}
    />
  );
}

function shown(value: number | string | null): string {
  if (value === null) return '–';
  return typeof value === 'number' ? figure(value) : value;
}

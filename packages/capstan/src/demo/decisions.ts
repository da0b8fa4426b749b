import type { EventRecord } from '@capstan/api';
import type { Client } from '@capstan/client';

const PAGE = 200;

/** Says the decisions among the facts after one, as sentences; with each call, those since the call before. */
export function decisionsAfter(client: Client, seq: number, say: (line: string) => void): () => Promise<void> {
  let last = seq;
  let telling = Promise.resolve();
  const tell = async (): Promise<void> => {
    for (;;) {
      const { items } = await client.system.events({ query: { after: last, limit: PAGE } });
      for (const event of items) {
        last = event.seq;
        const text = sentence(event);
        if (text !== undefined) say(`${new Date(event.at).toISOString().slice(0, 10)}  ${text}`);
      }
      if (items.length < PAGE) return;
    }
  };
  // One after another, lest a fact is told twice.
  return () => (telling = telling.catch(() => {}).then(tell));
}

type Payload = Readonly<Record<string, unknown>>;

const sentences: Readonly<Record<string, (payload: Payload) => string | undefined>> = {
  'dataset-version.checked': ({ dataset, number, verdict }) =>
    verdict === 'quarantined' ? `data      ${text(dataset)}@${text(number)} is quarantined` : undefined,
  'monitor-alert.raised': ({ monitor, reason }) => `monitor   ${text(monitor)}: ${text(reason)}`,
  'cycle.started': ({ number, trigger }) => `cycle ${text(number)}   begins: ${reasonOf(trigger)}`,
  'cycle.not-started': ({ trigger, reason }) => `policy    holds back (${kindOf(trigger)}): ${text(reason)}`,
  'cycle.ended': ({ number, outcome, reason }) => `cycle ${text(number)}   ${text(outcome)}: ${text(reason)}`,
  'rollout.stage-entered': ({ revision, stage, reason }) =>
    `rollout   revision ${text(revision)} enters stage ${Number(stage) + 1}${reason === undefined ? '' : `: ${text(reason)}`}`,
  'rollout.held': ({ revision, reason }) => `rollout   revision ${text(revision)} is held: ${text(reason)}`,
  'rollout.ended': ({ revision, outcome, state, reason }) =>
    `rollout   revision ${text(revision)} ${text(outcome ?? state)}: ${text(reason)}`,
  'breaker.opened': ({ reason }) => `breaker   opens: ${text(reason)}`,
  'breaker.closed': ({ reason }) => `breaker   closes: ${text(reason)}`,
};

function sentence({ type, payload }: EventRecord): string | undefined {
  return sentences[type]?.(payload as Payload);
}

const LONGEST = 220;

function text(value: unknown): string {
  const whole = typeof value === 'string' ? value : JSON.stringify(value);
  const [line = ''] = whole.split('\n');
  return line.length <= LONGEST ? line : `${line.slice(0, LONGEST - 1)}…`;
}

function reasonOf(trigger: unknown): string {
  return text((trigger as { reason?: unknown } | undefined)?.reason);
}

function kindOf(trigger: unknown): string {
  return text((trigger as { kind?: unknown } | undefined)?.kind);
}

import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { api, useNow, useRead } from '../../app/api.ts';
import type { Reply } from '../../app/replies.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Empty } from '../../design/page.tsx';
import type { Tone } from '../../design/state.tsx';
import { Time } from '../../design/time.tsx';
import { Timeline } from '../../design/timeline.tsx';

type Entry = Reply<typeof api.registry.history>['items'][number];

const SHOWN = 200;
const LONGEST_VALUE = 120;

/** Everything that happened to a model, or to one of its versions: who, when, what it was before and why. */
export function History({ model, version }: { model: string; version?: number }) {
  const now = useNow();
  const query = { limit: SHOWN, ...(version !== undefined && { version }) };
  const history = useRead(api.registry.history, { params: { model }, query });
  return (
    <Loaded of={history}>
      {({ items, nextCursor }) =>
        items.length === 0 ? (
          <Empty title="Nothing has happened yet" />
        ) : (
          <>
            <Timeline
              label="History"
              entries={items.map((entry) => ({
                key: entry.seq,
                tone: toneOf(entry),
                word: entry.kind.split('.')[1] ?? '',
                title: titleOf(entry, version === undefined),
                when: (
                  <>
                    by {entry.actor} <Time at={entry.at} now={now} />
                  </>
                ),
                children: detailOf(entry),
              }))}
            />
            {nextCursor !== undefined && (
              <p>{`These are the newest ${SHOWN}. All: capstan models history ${model} --limit 1000`}</p>
            )}
          </>
        )
      }
    </Loaded>
  );
}

function toneOf({ kind }: Entry): Tone {
  if (kind === 'model.deleted' || kind === 'version.deleted') return 'danger';
  if (kind === 'alias.removed' || kind === 'tag.removed') return 'attention';
  return kind === 'alias.set' || kind === 'version.created' || kind === 'model.created' ? 'success' : 'neutral';
}

/** @param namesVersion where the reader does not know which version it is about */
function titleOf({ kind, version, key, from, to }: Entry, namesVersion: boolean): string {
  const of = version === null || !namesVersion ? '' : ` of v${version}`;
  switch (kind) {
    case 'model.created':
      return 'Model registered';
    case 'model.renamed':
      return `Renamed from ${from} to ${to}`;
    case 'model.deleted':
      return 'Model deleted';
    case 'version.created':
      return `v${version} registered`;
    case 'version.deleted':
      return `v${version} deleted`;
    case 'alias.set':
      return `${key} → v${to}${from === null ? '' : `, before v${from}`}`;
    case 'alias.removed':
      return `${key} removed${from === null ? '' : ` from v${from}`}`;
    case 'stage.set':
      return `Stage${of}: ${to}${from === null ? '' : `, before ${from}`}`;
    case 'tag.set':
      return `Tag ${key}${of}${to === null ? '' : `: ${short(to)}`}`;
    case 'tag.removed':
      return `Tag ${key}${of} removed`;
    case 'description.set':
      return `Description${of} ${to ? (from ? 'changed' : 'set') : 'removed'}`;
  }
}

function detailOf({ kind, from, to, reason, verdictId }: Entry): ReactNode {
  const isText = kind === 'description.set' || kind === 'tag.set' || kind === 'tag.removed';
  const before = isText && from !== null && from !== '' ? `before: ${short(from)}` : '';
  const text = kind === 'description.set' && to !== null ? short(to) : kind === 'version.created' ? to : '';
  if (!text && !before && reason === null && verdictId === null) return undefined;
  return (
    <>
      {[text, before, reason].filter(Boolean).join(' · ')}{' '}
      {verdictId !== null && (
        <Link to="/verdicts/$verdict" params={{ verdict: verdictId }}>
          the verdict
        </Link>
      )}
    </>
  );
}

function short(text: string): string {
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
}

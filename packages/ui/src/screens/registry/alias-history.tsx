import { Link } from '@tanstack/react-router';
import { api, useNow, useRead } from '../../app/api.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Empty } from '../../design/page.tsx';
import { Time } from '../../design/time.tsx';
import { Timeline } from '../../design/timeline.tsx';

const SHOWN = 200;

/** Which version each alias meant when, who decided and why. */
export function AliasHistory({ model }: { model: string }) {
  const now = useNow();
  const moves = useRead(api.registry.aliasHistory, { params: { model }, query: { limit: SHOWN } });
  return (
    <Loaded of={moves}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty title="No alias was ever set">
            The gates set the champion when they let a version pass and its rollout ends well.
          </Empty>
        ) : (
          <Timeline
            label="Moves of the aliases"
            entries={items.map((move) => ({
              key: move.seq,
              tone: move.to === null ? 'attention' : 'success',
              word: move.to === null ? 'removed' : 'set',
              title:
                move.to === null
                  ? `${move.alias} removed${move.from === null ? '' : ` from v${move.from}`}`
                  : `${move.alias} → v${move.to}${move.from === null ? '' : `, before v${move.from}`}`,
              when: (
                <>
                  by {move.actor} <Time at={move.at} now={now} />
                </>
              ),
              children: (
                <>
                  {move.reason}{' '}
                  {move.verdictId !== null && (
                    <Link to="/verdicts/$verdict" params={{ verdict: move.verdictId }}>
                      the verdict
                    </Link>
                  )}
                </>
              ),
            }))}
          />
        )
      }
    </Loaded>
  );
}

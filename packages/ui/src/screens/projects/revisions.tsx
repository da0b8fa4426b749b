import { api, useNow, useRead } from '../../app/api.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Time } from '../../design/time.tsx';
import { Timeline } from '../../design/timeline.tsx';

const SHOWN_CHANGES = 8;

/** How the declaration changed: who, when, which keys. */
export function Revisions({ project }: { project: string }) {
  const now = useNow();
  const revisions = useRead(api.projects.revisions, { params: { project } });
  return (
    <Loaded of={revisions}>
      {({ items }) => (
        <Timeline
          label="Revisions of capstan.yaml"
          entries={items.map((item, index) => ({
            key: item.revision,
            tone: index === 0 ? 'success' : 'unknown',
            word: index === 0 ? 'in effect' : 'replaced',
            title: `Revision ${item.revision}${index === 0 ? ', in effect' : ''}`,
            when: (
              <>
                by {item.actor} <Time at={item.appliedAt} now={now} />
              </>
            ),
            children:
              item.revision === 1 ? (
                'the first'
              ) : (
                <>
                  {item.changes.slice(0, SHOWN_CHANGES).map((change) => (
                    <div key={change.path}>
                      <code>{change.path}</code> {shown(change.before)} → {shown(change.after)}
                    </div>
                  ))}
                  {item.changes.length > SHOWN_CHANGES && `and ${item.changes.length - SHOWN_CHANGES} more`}
                </>
              ),
          }))}
        />
      )}
    </Loaded>
  );
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

import { Link, useParams } from '@tanstack/react-router';
import { api, useNow, useRead } from '../../app/api.ts';
import { Command } from '../../design/copy.tsx';
import { count, duration } from '../../design/format.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Empty, Page } from '../../design/page.tsx';
import { Table } from '../../design/table.tsx';
import { Time } from '../../design/time.tsx';
import { FeatureState } from './feature-state.tsx';

const EXAMPLE = `features:
  carrier-lateness:
    entities: [carrier]
    event_time: known_at
    sql: features/carrier-lateness.sql
    ttl: 14d`;

/** Feature views of a project. */
export function FeatureViews() {
  const { project } = useParams({ from: '/projects/$project/features' });
  const now = useNow();
  const views = useRead(api.features.list, { params: { project } });
  return (
    <Page
      title="Features"
      about="Columns by entity and event time: one definition for training, as of the time of each row, and for serving."
    >
      <Loaded of={views}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No feature view is declared">
              <span>Name one in capstan.yaml, with a select over the datasets, then apply it:</span>
              <Command>{EXAMPLE}</Command>
            </Empty>
          ) : (
            <Table
              caption="Feature views"
              rows={items}
              keyOf={(row) => row.name}
              columns={[
                {
                  name: 'View',
                  sortBy: (row) => row.name,
                  cell: (row) => (
                    <Link to="/projects/$project/features/$view" params={{ project, view: row.name }}>
                      {row.name}
                    </Link>
                  ),
                },
                { name: 'State', cell: (row) => <FeatureState view={row} /> },
                { name: 'Entities', cell: (row) => row.entities.map(({ name }) => name).join(', ') },
                { name: 'Features', cell: (row) => row.features.map(({ name }) => name).join(', ') },
                { name: 'Counts for', cell: (row) => (row.ttlMs === null ? 'ever' : duration(row.ttlMs)) },
                {
                  name: 'Online',
                  isNumber: true,
                  cell: (row) =>
                    row.isOnline ? `${count(row.lastMaterialization?.entities ?? 0)} entities` : 'training only',
                },
                {
                  name: 'Brought up to date',
                  cell: (row) =>
                    row.lastMaterialization ? <Time at={row.lastMaterialization.endedAt} now={now} /> : '',
                },
              ]}
            />
          )
        }
      </Loaded>
    </Page>
  );
}

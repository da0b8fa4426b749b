import { Link, useParams } from '@tanstack/react-router';
import { api, refresh, useNow, useRead } from '../../app/api.ts';
import type { MonitorSummaryReply } from '../../app/replies.ts';
import { Button } from '../../design/button.tsx';
import { Command } from '../../design/copy.tsx';
import { count, duration } from '../../design/format.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Empty, Page, Quiet } from '../../design/page.tsx';
import { Table } from '../../design/table.tsx';
import { Time } from '../../design/time.tsx';
import { useAction } from '../use-action.tsx';
import { MonitorState } from './monitor-state.tsx';

const WATCHED = `monitors:
  - {watch: features, against: training, window: 7d}
  - {watch: performance, metric: log_loss, worse_than: baseline, window: 7d}`;

/** What is watched of a project's deployment, and how it stands. */
export function Monitors() {
  const { project } = useParams({ from: '/projects/$project/monitors' });
  const monitors = useRead(api.monitors.list, { params: { project } });
  const check = useAction(async () => {
    await api.monitors.check({ params: { project } });
    await refresh();
  });
  return (
    <Page
      title="Monitors"
      about="Features against the training data, realised performance against doing nothing, in windows of event time. An alarm is a trigger: the policy decides what follows."
      actions={
        (monitors.data?.items.length ?? 0) > 0 && (
          <Button onClick={check.act} disabled={check.isBusy}>
            Judge closed windows now
          </Button>
        )
      }
    >
      {check.failure}
      <Loaded of={monitors}>{({ items }) => <List project={project} items={items} />}</Loaded>
    </Page>
  );
}

function List({ project, items }: { project: string; items: readonly MonitorSummaryReply[] }) {
  const now = useNow();
  if (items.length === 0) {
    return (
      <Empty title="Nothing is watched yet">
        <span>Write this into capstan.yaml, beside a deployment, and apply it:</span>
        <Command>{WATCHED}</Command>
      </Empty>
    );
  }
  return (
    <Table
      caption="Monitors"
      rows={items}
      keyOf={(row) => row.name}
      columns={[
        {
          name: 'Monitor',
          isWhole: true,
          cell: (row) => (
            <Link to="/projects/$project/monitors/$monitor" params={{ project, monitor: row.name }}>
              {row.name}
            </Link>
          ),
        },
        { name: 'Newest window', cell: (row) => <MonitorState verdict={row.verdict} /> },
        { name: 'Why', cell: (row) => row.reason },
        { name: 'Rows', isNumber: true, cell: (row) => (row.newest ? count(row.newest.n) : '–') },
        {
          name: 'Alert',
          cell: (row) =>
            row.alert ? (
              <>
                since <Time at={row.alert.raisedAt} now={now} />
              </>
            ) : (
              <Quiet>none stands</Quiet>
            ),
        },
        { name: 'Against', cell: (row) => row.against },
        { name: 'Window', cell: (row) => duration(row.windowMs) },
        { name: 'Judged', isNumber: true, cell: (row) => count(row.windows) },
      ]}
    />
  );
}

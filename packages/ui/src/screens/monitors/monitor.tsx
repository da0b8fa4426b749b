import { Link, useParams } from '@tanstack/react-router';
import { api, useNow, useRead } from '../../app/api.ts';
import type { MonitorReply } from '../../app/replies.ts';
import { duration } from '../../design/format.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Columns, Empty, Facts, Page, Quiet, Section } from '../../design/page.tsx';
import { Table } from '../../design/table.tsx';
import { Time } from '../../design/time.tsx';
import { DriftMap } from './drift-map.tsx';
import { MonitorState } from './monitor-state.tsx';
import { PerformanceChart } from './performance-chart.tsx';
import { WindowTable } from './window-table.tsx';

const SHOWN_WINDOWS = 60;

/** One watch: its windows as a picture, each with its figures, and its alerts. */
export function Monitor() {
  const { project, monitor } = useParams({ from: '/projects/$project/monitors/$monitor' });
  const found = useRead(api.monitors.get, { params: { project, monitor }, query: { windows: SHOWN_WINDOWS } });
  return (
    <Page
      title={monitor}
      state={found.data && <MonitorState verdict={found.data.verdict} />}
      about={found.data?.reason}
    >
      <Loaded of={found}>
        {(shown) => (
          <Columns aside={<About monitor={shown} />}>
            {shown.items.length === 0 ? (
              <Empty title="No window has closed yet">
                A window closes when answers from after its end are logged, or a day later; performance waits for the
                outcomes.
              </Empty>
            ) : (
              <Judged monitor={shown} />
            )}
            <Alerts alerts={shown.alerts} />
          </Columns>
        )}
      </Loaded>
    </Page>
  );
}

function Judged({ monitor }: { monitor: MonitorReply }) {
  return (
    <>
      {monitor.watch === 'features' ? (
        <DriftMap windows={monitor.items} />
      ) : (
        <PerformanceChart windows={monitor.items} />
      )}
      <Section title="Windows">
        <WindowTable windows={monitor.items} />
      </Section>
    </>
  );
}

function About({ monitor: { deployment, against, limit, windowMs, windows, alert } }: { monitor: MonitorReply }) {
  const now = useNow();
  return (
    <Facts
      items={[
        [
          'Deployment',
          <Link key="link" to="/deployments/$deployment" params={{ deployment }}>
            {deployment}
          </Link>,
        ],
        ['Against', against],
        ['Alarm', limit],
        ['Window', `${duration(windowMs)} of event time`],
        ['Judged', String(windows)],
        ['Alert', alert ? <Time key="at" at={alert.raisedAt} now={now} /> : 'none stands'],
      ]}
    />
  );
}

function Alerts({ alerts }: { alerts: MonitorReply['alerts'] }) {
  const now = useNow();
  return (
    <Section title="Alerts">
      {alerts.length === 0 ? (
        <Quiet>None was raised.</Quiet>
      ) : (
        <Table
          caption="Alerts"
          rows={alerts}
          keyOf={(row) => row.id}
          columns={[
            { name: 'Raised', cell: (row) => <Time at={row.raisedAt} now={now} /> },
            { name: 'Kind', isWhole: true, cell: (row) => row.kind },
            { name: 'Why', cell: (row) => row.reason },
            {
              name: 'Resolved',
              cell: (row) => (row.resolvedAt === null ? 'stands' : <Time at={row.resolvedAt} now={now} />),
            },
            { name: 'How', cell: (row) => row.resolution ?? '' },
          ]}
        />
      )}
    </Section>
  );
}

import { useNavigate, useParams } from '@tanstack/react-router';
import { api, refresh, useNow, useRead } from '../../app/api.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Empty, Page, Section } from '../../design/page.tsx';
import { ReasonAction } from '../../design/reason-dialog.tsx';
import { State } from '../../design/state.tsx';
import { Table } from '../../design/table.tsx';
import { Time } from '../../design/time.tsx';
import { CycleTable } from './cycle-table.tsx';

const SHOWN_CYCLES = 200;
const SHOWN_TRIGGERS = 100;

/** Turns of the cycle, and what the policy made of each trigger. */
export function Cycles() {
  const { project } = useParams({ from: '/projects/$project/cycles' });
  const navigate = useNavigate();
  return (
    <Page
      title="Cycles"
      about="Trigger, data, training, gates, rollout, verdict: one turn each, with every decision."
      actions={
        <ReasonAction
          label="Start a cycle"
          kind="primary"
          effect="A turn begins now. It passes the cool-down, the labels and the budget; it never runs beside an open one, or on data in quarantine."
          act={async (reason) => {
            const cycle = await api.cycles.start({ params: { project }, body: { reason } });
            await refresh();
            await navigate({
              to: '/projects/$project/cycles/$cycle',
              params: { project, cycle: String(cycle.number) },
            });
          }}
        />
      }
    >
      <CycleTable project={project} shown={SHOWN_CYCLES} />
      <Section title="Triggers and what the policy made of them">
        <Triggers project={project} />
      </Section>
    </Page>
  );
}

function Triggers({ project }: { project: string }) {
  const now = useNow();
  const triggers = useRead(api.cycles.triggers, { params: { project }, query: { limit: SHOWN_TRIGGERS } });
  return (
    <Loaded of={triggers}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty title="No trigger yet">
            Drift, decay, a schedule, new data or a person: see retrain in capstan.yaml.
          </Empty>
        ) : (
          <Table
            caption="Triggers"
            rows={items.map((item, index) => ({ ...item, index }))}
            keyOf={(row) => row.index}
            columns={[
              { name: 'When', cell: (row) => <Time at={row.consideredAt} now={now} /> },
              { name: 'Trigger', cell: (row) => `${row.trigger.kind.replace('-', ' ')}: ${row.trigger.reason}` },
              {
                name: 'Answer',
                cell: (row) =>
                  row.cycle === null ? (
                    <State tone="unknown">held back</State>
                  ) : (
                    <State tone="success">a turn began</State>
                  ),
              },
              { name: 'Why', cell: (row) => row.reason },
              {
                name: 'Limits',
                cell: (row) =>
                  row.checks.map((check) => (
                    <div key={check.check}>
                      <State tone={check.ok ? 'success' : 'danger'}>{check.check.replace('-', ' ')}</State>
                      {`: ${check.value}, limit ${check.limit}`}
                    </div>
                  )),
              },
            ]}
          />
        )
      }
    </Loaded>
  );
}

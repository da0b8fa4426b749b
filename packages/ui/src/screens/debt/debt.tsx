import { useParams } from '@tanstack/react-router';
import { api, refresh, useNow, useRead } from '../../app/api.ts';
import type { DebtItem, DebtReply } from '../../app/replies.ts';
import { Button } from '../../design/button.tsx';
import { counted, figure } from '../../design/format.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Empty, Page, Quiet, Section } from '../../design/page.tsx';
import { State } from '../../design/state.tsx';
import { Table } from '../../design/table.tsx';
import { Time } from '../../design/time.tsx';
import { Evidence } from '../cycles/evidence.tsx';
import { useAction } from '../use-action.tsx';

/** What a project owes, computed from evidence: principal, interest, and what repays it. */
export function Debt() {
  const { project } = useParams({ from: '/projects/$project/debt' });
  const ledger = useRead(api.debt.get, { params: { project } });
  const measure = useAction(async () => {
    await api.debt.measure({ params: { project } });
    await refresh();
  });
  return (
    <Page
      title="Debt"
      about="Technical debt, computed from what was recorded. Principal is what repaying it takes away; interest is metered while it stands. What is not measured is not nothing."
      actions={
        <Button kind="primary" onClick={measure.act} disabled={measure.isBusy}>
          Measure now
        </Button>
      }
    >
      {measure.failure}
      <Loaded of={ledger}>{(found) => <Ledger project={project} ledger={found} />}</Loaded>
    </Page>
  );
}

function Ledger({ project, ledger }: { project: string; ledger: DebtReply }) {
  const now = useNow();
  const { measuredAt, items, repaid } = ledger;
  if (measuredAt === null) {
    return (
      <Empty title="Not measured yet">
        It is measured every Monday at 05:30 UTC, and whenever you ask for it: “Measure now”, or capstan debt {project}{' '}
        --measure.
      </Empty>
    );
  }
  const of = (state: DebtItem['state']): DebtItem[] => items.filter((item) => item.state === state);
  return (
    <>
      <Quiet>
        Measured <Time at={measuredAt} now={now} />. {counted(of('owed').length, 'debt')} owed,{' '}
        {of('unmeasured').length} not measured, {of('clear').length} clear.
      </Quiet>
      <Section title="Owed">
        {of('owed').length === 0 ? <Quiet>Nothing is owed.</Quiet> : <Owed project={project} items={of('owed')} />}
      </Section>
      <Section title="Not measured" note="which is not nothing">
        {of('unmeasured').length === 0 ? (
          <Quiet>Everything was.</Quiet>
        ) : (
          <Looked project={project} items={of('unmeasured')} />
        )}
      </Section>
      <Section title="Clear">
        {of('clear').length === 0 ? <Quiet>None.</Quiet> : <Looked project={project} items={of('clear')} />}
      </Section>
      {repaid.length > 0 && (
        <Section title="Repaid">
          <Table
            caption="Repaid"
            rows={repaid}
            keyOf={(row) => `${row.key} ${row.since}`}
            columns={[
              { name: 'Debt', cell: (row) => row.title },
              { name: 'Found', cell: (row) => <Time at={row.since} now={now} /> },
              { name: 'Repaid', cell: (row) => <Time at={row.repaidAt} now={now} /> },
            ]}
          />
        </Section>
      )}
    </>
  );
}

function Owed({ project, items }: { project: string; items: readonly DebtItem[] }) {
  const now = useNow();
  return (
    <Table
      caption="Owed"
      rows={items}
      keyOf={(row) => row.key}
      columns={[
        { name: 'Debt', cell: (row) => <State tone="attention">{row.title}</State> },
        { name: 'Why', cell: (row) => row.reason },
        { name: 'Principal', cell: (row) => <Amount measure={row.principal} /> },
        { name: 'Interest', cell: (row) => <Amount measure={row.interest} /> },
        { name: 'What repays it', cell: (row) => row.repay ?? '' },
        { name: 'Evidence', cell: (row) => <Evidence project={project} refs={row.evidence} /> },
        { name: 'Owner', cell: (row) => row.owner },
        { name: 'Since', cell: (row) => row.since !== null && <Time at={row.since} now={now} /> },
      ]}
    />
  );
}

function Looked({ project, items }: { project: string; items: readonly DebtItem[] }) {
  return (
    <Table
      caption={items[0]?.state ?? 'none'}
      rows={items}
      keyOf={(row) => row.key}
      columns={[
        {
          name: 'Debt',
          cell: (row) => <State tone={row.state === 'clear' ? 'success' : 'unknown'}>{row.title}</State>,
        },
        { name: 'Why', cell: (row) => row.reason },
        { name: 'What to do', cell: (row) => row.repay ?? '' },
        { name: 'Evidence', cell: (row) => <Evidence project={project} refs={row.evidence} /> },
      ]}
    />
  );
}

function Amount({ measure }: { measure: DebtItem['principal'] }) {
  return measure ? (
    <span title={measure.how}>{`${figure(measure.value)} ${measure.unit}`}</span>
  ) : (
    <State tone="unknown">unmeasured</State>
  );
}

import { useQuery } from '@tanstack/react-query';
import { api } from '../../app/api.ts';
import { Empty, Failure, Page } from '../../design/page.tsx';
import { State } from '../../design/state.tsx';
import { Table } from '../../design/table.tsx';
import { Time } from '../../design/time.tsx';

const SHOWN = 200;

/** Everything that happened, newest first, and whether the chain holds. */
export function Audit() {
  const status = useQuery({ queryKey: ['status'], queryFn: () => api.system.status({}) });
  const chain = useQuery({ queryKey: ['audit'], queryFn: () => api.system.verifyAudit({}) });
  const after = Math.max(0, (status.data?.lastEventSeq ?? 0) - SHOWN);
  const events = useQuery({
    queryKey: ['events', { after }],
    queryFn: () => api.system.events({ query: { after, limit: SHOWN } }),
    enabled: status.data !== undefined,
  });
  const error = events.error ?? chain.error;
  return (
    <Page title="Audit" state={<ChainState ok={chain.data?.ok} checked={chain.data?.checked} />}>
      {error && <Failure error={error} />}
      {chain.data?.broken && (
        <p role="alert">
          Fact {chain.data.broken.seq}: {chain.data.broken.reason}
        </p>
      )}
      {events.data?.items.length === 0 && <Empty title="Nothing has happened yet" />}
      {events.data && (
        <Table
          caption="Facts"
          rows={events.data.items.toReversed()}
          keyOf={(row) => row.seq}
          columns={[
            { name: 'No.', isNumber: true, cell: (row) => row.seq },
            { name: 'When', cell: (row) => <Time at={row.at} now={status.data?.now ?? row.at} /> },
            { name: 'What', cell: (row) => row.type },
            { name: 'Subject', cell: (row) => <code>{row.subject}</code> },
            { name: 'By', cell: (row) => row.actor },
            { name: 'Because of', isNumber: true, cell: (row) => row.causationSeq ?? '' },
          ]}
        />
      )}
    </Page>
  );
}

function ChainState({ ok, checked }: { ok: boolean | undefined; checked: number | undefined }) {
  if (ok === undefined) return <State tone="unknown">Checking the chain</State>;
  return ok ? (
    <State tone="success">{`${checked} facts, chain intact`}</State>
  ) : (
    <State tone="danger">Chain broken</State>
  );
}

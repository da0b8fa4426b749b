import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { api, useNow, useRead } from '../../app/api.ts';
import { SearchField } from '../../design/field.tsx';
import { Loaded } from '../../design/loaded.tsx';
import { Command, Id } from '../../design/copy.tsx';
import { Empty, Page, Row } from '../../design/page.tsx';
import { Failure } from '../../design/problem.tsx';
import { State } from '../../design/state.tsx';
import { Table } from '../../design/table.tsx';
import { Time } from '../../design/time.tsx';
import { sentenceOf } from './sentence.ts';

const SHOWN = 200;
const BEFORE = 20;

/** Everything that happened, newest first, and whether the chain holds. */
export function Audit() {
  const now = useNow();
  const { at, subject } = useSearch({ from: '/audit' });
  const navigate = useNavigate();
  const status = useRead(api.system.status, {});
  const chain = useRead(api.system.verifyAudit, {}, { isLive: false });
  const last = status.data?.lastEventSeq ?? 0;
  const after = subject === undefined ? Math.max(0, at === undefined ? last - SHOWN : at - BEFORE) : 0;
  const events = useRead(
    api.system.events,
    { query: { after, limit: SHOWN, ...(subject !== undefined && { subject }) } },
    { isEnabled: status.data !== undefined, isKept: true },
  );
  return (
    <Page title="Audit" state={<ChainState ok={chain.data?.ok} checked={chain.data?.checked} />}>
      {chain.error && <Failure error={chain.error} />}
      {chain.data?.broken && (
        <p role="alert">
          Fact {chain.data.broken.seq}: {chain.data.broken.reason}
        </p>
      )}
      <Row>
        <SearchField
          label="Facts about one object"
          placeholder="all objects; for one: kind:id, e.g. deployment:late-arrival"
          value={subject ?? ''}
          onSearch={(text) => void navigate({ to: '/audit', search: text === '' ? {} : { subject: text } })}
        />
        {at !== undefined && <Link to="/audit">Newest facts</Link>}
      </Row>
      <Loaded of={events}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={subject === undefined ? 'Nothing has happened yet' : `No fact is about ${subject}`}>
              <Command>capstan audit verify</Command>
            </Empty>
          ) : (
            <Table
              caption="Facts"
              rows={items.toReversed()}
              keyOf={(row) => row.seq}
              columns={[
                { name: 'No.', isNumber: true, cell: (row) => (row.seq === at ? <strong>{row.seq}</strong> : row.seq) },
                { name: 'When', cell: (row) => <Time at={row.at} now={now} /> },
                {
                  name: 'What happened',
                  cell: (row) => {
                    const { text, href } = sentenceOf(row);
                    return href ? <Link to={href}>{text}</Link> : text;
                  },
                },
                { name: 'Fact', cell: (row) => <code>{row.type}</code> },
                { name: 'Subject', cell: (row) => <Id value={row.subject} isWhole /> },
                { name: 'By', cell: (row) => row.actor },
                {
                  name: 'Because of',
                  isNumber: true,
                  cell: ({ causationSeq }) =>
                    causationSeq === undefined ? (
                      ''
                    ) : (
                      <Link to="/audit" search={{ at: causationSeq }}>
                        {causationSeq}
                      </Link>
                    ),
                },
              ]}
            />
          )
        }
      </Loaded>
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

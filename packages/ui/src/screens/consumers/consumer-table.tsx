import { Link } from '@tanstack/react-router';
import { useNow } from '../../app/api.ts';
import type { ConsumerReply } from '../../app/replies.ts';
import { count, percent } from '../../design/format.ts';
import { Quiet } from '../../design/page.tsx';
import { SparkBars } from '../../design/spark-bars.tsx';
import { State } from '../../design/state.tsx';
import { Table, type Column } from '../../design/table.tsx';
import { Time } from '../../design/time.tsx';
import { hourlyRequests, quotaUse } from './quota-text.ts';

/** Consumers and what they asked in the last 24 hours; those `of` one deployment without what all of them share. */
export function ConsumerTable({ consumers, of }: { consumers: readonly ConsumerReply[]; of?: string }) {
  const now = useNow();
  const mayCall: Column<ConsumerReply> = {
    name: 'May call',
    cell: (row) => row.deployments?.join(', ') ?? <Quiet>every deployment</Quiet>,
  };
  const owner: Column<ConsumerReply> = {
    name: 'Owner',
    isWhole: true,
    sortBy: (row) => row.owner,
    cell: (row) => row.owner,
  };
  return (
    <Table
      caption="Declared consumers"
      rows={consumers}
      keyOf={(row) => row.name}
      columns={[
        {
          name: 'Consumer',
          isWhole: true,
          sortBy: (row) => row.name,
          cell: (row) => (
            <Link to="/consumers/$consumer" params={{ consumer: row.name }}>
              {row.name}
            </Link>
          ),
        },
        { name: 'State', isWhole: true, cell: (row) => <ConsumerState consumer={row} /> },
        ...(of === undefined ? [owner, mayCall] : []),
        {
          name: 'Requests, 24 h',
          isNumber: true,
          sortBy: (row) => row.day.requests,
          cell: (row) => count(row.day.requests),
        },
        {
          name: 'By the hour',
          cell: (row) => (
            <SparkBars
              counts={hourlyRequests(row, now)}
              label={`Requests of ${row.name} in each of the last 24 hours; ${count(row.day.requests)} in all`}
            />
          ),
        },
        { name: 'Rows', isNumber: true, sortBy: (row) => row.day.rows, cell: (row) => count(row.day.rows) },
        { name: 'Errors', isNumber: true, sortBy: (row) => row.day.errors, cell: (row) => count(row.day.errors) },
        { name: 'Quota used', sortBy: (row) => quotaUse(row)?.share, cell: (row) => <QuotaUse consumer={row} /> },
        {
          name: 'Last seen',
          isWhole: true,
          sortBy: (row) => row.lastSeenAt,
          cell: (row) => (row.lastSeenAt === null ? <Quiet>never</Quiet> : <Time at={row.lastSeenAt} now={now} />),
        },
      ]}
    />
  );
}

/** Whether its calls are answered. */
export function ConsumerState({ consumer: { isRetired, tokens, day } }: { consumer: ConsumerReply }) {
  if (isRetired) return <State tone="unknown">retired</State>;
  if (tokens.length === 0) return <State tone="attention">no token</State>;
  if (day.refused > 0) return <State tone="attention">{`${count(day.refused)} refused`}</State>;
  return <State tone="success">active</State>;
}

function QuotaUse({ consumer }: { consumer: ConsumerReply }) {
  const use = quotaUse(consumer);
  if (use === null) return <Quiet>no quota</Quiet>;
  return (
    <span title={use.when}>
      {percent(use.share)} <Quiet>{use.of}</Quiet>
    </span>
  );
}

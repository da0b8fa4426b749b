import { Link } from '@tanstack/react-router';
import { useNow } from '../../app/api.ts';
import type { CallerReply } from '../../app/replies.ts';
import { count } from '../../design/format.ts';
import { Quiet } from '../../design/page.tsx';
import { Table, type Column } from '../../design/table.tsx';
import { Time } from '../../design/time.tsx';
import { CreateConsumer } from './create-consumer.tsx';

/** Callers without a token, those that asked most first. */
export function CallersTable({ callers, deployment }: { callers: readonly CallerReply[]; deployment?: string }) {
  const now = useNow();
  const of: Column<CallerReply> = {
    name: 'Deployment',
    isWhole: true,
    sortBy: (row) => row.deployment,
    cell: (row) => (
      <Link to="/deployments/$deployment" params={{ deployment: row.deployment }}>
        {row.deployment}
      </Link>
    ),
  };
  return (
    <Table
      caption="Callers without a token"
      rows={callers}
      keyOf={(row) => JSON.stringify([row.deployment, row.agent, row.address])}
      columns={[
        {
          name: 'User agent',
          isWhole: true,
          sortBy: (row) => row.agent,
          cell: (row) => (row.agent === null ? <Quiet>others</Quiet> : row.agent || <Quiet>says none</Quiet>),
        },
        { name: 'Address', isWhole: true, sortBy: (row) => row.address, cell: (row) => row.address ?? '' },
        ...(deployment === undefined ? [of] : []),
        { name: 'Requests', isNumber: true, sortBy: (row) => row.requests, cell: (row) => count(row.requests) },
        { name: 'Rows', isNumber: true, sortBy: (row) => row.rows, cell: (row) => count(row.rows) },
        { name: 'Errors', isNumber: true, sortBy: (row) => row.errors, cell: (row) => count(row.errors) },
        { name: 'Refused', isNumber: true, sortBy: (row) => row.refused, cell: (row) => count(row.refused) },
        {
          name: 'Last seen',
          isWhole: true,
          sortBy: (row) => row.lastSeenAt,
          cell: (row) => <Time at={row.lastSeenAt} now={now} />,
        },
        {
          name: 'Declare',
          cell: (row) =>
            row.agent !== null && (
              <CreateConsumer label="Declare" proposal={{ name: nameFrom(row.agent), deployment: row.deployment }} />
            ),
        },
      ]}
    />
  );
}

const LONGEST = 64;

/** A name that a consumer may have, of what its user agent says. */
function nameFrom(agent: string): string {
  const words = agent.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  return words.slice(0, LONGEST).replaceAll(/^-|-$/g, '') || 'caller';
}

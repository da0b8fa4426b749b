import { Link } from '@tanstack/react-router';
import { api, useNow, useRead } from '../../app/api.ts';
import type { Reply } from '../../app/replies.ts';
import { count } from '../../design/format.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Quiet, Section } from '../../design/page.tsx';
import { Table } from '../../design/table.tsx';
import { Time } from '../../design/time.tsx';

type UnknownCaller = Reply<typeof api.consumers.unknownCallers>['items'][number];

/** Callers that are refused for their token, and what to do; nothing where there are none. */
export function UnknownCallers({ days, deployment }: { days: number; deployment?: string }) {
  const callers = useRead(api.consumers.unknownCallers, {
    query: { days, ...(deployment !== undefined && { deployment }) },
  });
  return (
    <Loaded of={callers}>
      {({ items }) =>
        items.length > 0 && (
          <Section title="Refused" note={`callers with a token that is not known, in the last ${days} days`}>
            <UnknownTable callers={items} />
          </Section>
        )
      }
    </Loaded>
  );
}

function UnknownTable({ callers }: { callers: readonly UnknownCaller[] }) {
  const now = useNow();
  return (
    <Table
      caption="Callers with a token that is not known"
      rows={callers}
      keyOf={(row) => JSON.stringify([row.deployment, row.token, row.agent, row.address])}
      columns={[
        {
          name: 'User agent',
          isWhole: true,
          sortBy: (row) => row.agent,
          cell: (row) => (row.agent === null ? <Quiet>others</Quiet> : row.agent || <Quiet>says none</Quiet>),
        },
        { name: 'Address', isWhole: true, sortBy: (row) => row.address, cell: (row) => row.address ?? '' },
        {
          name: 'Token, by its hash',
          isWhole: true,
          sortBy: (row) => row.token,
          cell: (row) => row.token !== null && <code>{row.token}</code>,
        },
        {
          name: 'Deployment',
          isWhole: true,
          sortBy: (row) => row.deployment,
          cell: (row) =>
            row.deployment === null ? (
              <Quiet>not looked at</Quiet>
            ) : (
              <Link to="/deployments/$deployment" params={{ deployment: row.deployment }}>
                {row.deployment}
              </Link>
            ),
        },
        { name: 'Requests', isNumber: true, sortBy: (row) => row.requests, cell: (row) => count(row.requests) },
        {
          name: 'Last seen',
          isWhole: true,
          sortBy: (row) => row.lastSeenAt,
          cell: (row) => <Time at={row.lastSeenAt} now={now} />,
        },
        { name: 'What to do', cell: (row) => <WhatToDo caller={row} /> },
      ]}
    />
  );
}

function WhatToDo({ caller: { was, token } }: { caller: UnknownCaller }) {
  const now = useNow();
  if (token === null) return <Quiet>many tokens in an hour: somebody may be guessing</Quiet>;
  if (was === null) {
    return (
      <>None of Capstan’s: mistyped, of another installation, or a proxy’s own. Give the caller a token, or drop it.</>
    );
  }
  return (
    <>
      {`${was.prefix}… of `}
      <Link to="/consumers/$consumer" params={{ consumer: was.consumer }}>
        {was.consumer}
      </Link>
      {was.endedAt === null ? (
        ', which is retired: declare it again.'
      ) : (
        <>
          {', not taken since '}
          <Time at={was.endedAt} now={now} />: give it the newer one, or issue another there.
        </>
      )}
    </>
  );
}

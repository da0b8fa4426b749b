import { Link, useParams } from '@tanstack/react-router';
import { api, refresh, useNow, useRead } from '../../app/api.ts';
import type { ConsumerDetailReply } from '../../app/replies.ts';
import { count, counted, percent } from '../../design/format.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Meter } from '../../design/meter.tsx';
import { Columns, Empty, Facts, Page, Quiet, Row, Section, Stack } from '../../design/page.tsx';
import { ReasonAction } from '../../design/reason-dialog.tsx';
import { SparkBars } from '../../design/spark-bars.tsx';
import { Table } from '../../design/table.tsx';
import { Time } from '../../design/time.tsx';
import { ConsumerState } from './consumer-table.tsx';
import { IssueAction } from './issue-dialog.tsx';
import { hourlyRequests, quotaText, quotaUse } from './quota-text.ts';

const DAYS = 7;
const HOUR_MS = 3_600_000;

/** One consumer: its tokens, how much of its quota it uses, and what it asked. */
export function Consumer() {
  const { consumer: name } = useParams({ from: '/consumers/$consumer' });
  const read = useRead(api.consumers.get, { params: { consumer: name }, query: { days: DAYS } });
  return (
    <Page
      title={name}
      state={read.data && <ConsumerState consumer={read.data} />}
      about={read.data?.purpose}
      actions={read.data && <Rotate consumer={read.data} />}
    >
      <Loaded of={read}>
        {(consumer) => (
          <Columns aside={<Aside consumer={consumer} />}>
            <Section title="Tokens" note="only their first characters are known here">
              <Tokens consumer={consumer} />
            </Section>
            <Section title="Volume" note={`${counted(consumer.day.requests, 'request')} in the last 24 hours`}>
              <Volume consumer={consumer} />
            </Section>
          </Columns>
        )}
      </Loaded>
    </Page>
  );
}

function Aside({ consumer }: { consumer: ConsumerDetailReply }) {
  const now = useNow();
  const { project, quota, deployments, lastSeenAt } = consumer;
  return (
    <Facts
      items={[
        ['Owner', consumer.owner],
        [
          'Declared by',
          project === null ? (
            'hand'
          ) : (
            <Link key="project" to="/projects/$project" params={{ project }}>
              {project}
            </Link>
          ),
        ],
        [
          'May call',
          deployments === null
            ? 'every deployment'
            : deployments.map((deployment) => (
                <div key={deployment}>
                  <Link to="/deployments/$deployment" params={{ deployment }}>
                    {deployment}
                  </Link>
                </div>
              )),
        ],
        ['Quota', quota === null ? 'none' : quotaText(quota)],
        ['Last seen', lastSeenAt === null ? 'never' : <Time key="seen" at={lastSeenAt} now={now} />],
        ['Created', <Time key="created" at={consumer.createdAt} now={now} />],
      ]}
    />
  );
}

function Rotate({ consumer }: { consumer: ConsumerDetailReply }) {
  const { name, tokens } = consumer;
  const isFirst = tokens.length === 0;
  return (
    <IssueAction
      label={isFirst ? 'Issue a token' : 'Rotate the token'}
      title={isFirst ? 'Issue a token' : 'Rotate the token'}
      verb="Issue a token"
      kind="primary"
      act={(form) => {
        const hours = Number(form.get('hours') ?? 0);
        return api.consumers.rotate({ params: { consumer: name }, body: { overlapMs: hours * HOUR_MS } });
      }}
    >
      {isFirst ? (
        <p>{`${name} has no token that is taken.`}</p>
      ) : (
        <label>
          The token before is taken for how many hours more (0: not any more)
          <input name="hours" type="number" min={0} max={2_160} defaultValue={24} required />
        </label>
      )}
    </IssueAction>
  );
}

function Tokens({ consumer: { name, tokens } }: { consumer: ConsumerDetailReply }) {
  const now = useNow();
  if (tokens.length === 0) {
    return (
      <Empty title="No token is taken">Every call with one of its tokens is refused until another is issued.</Empty>
    );
  }
  const revoke = async (token: string, reason: string): Promise<void> => {
    await api.consumers.revoke({ params: { consumer: name }, body: { token, reason: reason.slice(0, MOST_REASON) } });
    await refresh();
  };
  return (
    <Table
      caption="Tokens"
      rows={tokens}
      keyOf={(row) => row.id}
      columns={[
        { name: 'Begins with', isWhole: true, cell: (row) => <code>{`${row.prefix}…`}</code> },
        { name: 'Issued', sortBy: (row) => row.createdAt, cell: (row) => <Time at={row.createdAt} now={now} /> },
        { name: 'By', cell: (row) => row.createdBy },
        {
          name: 'Last used',
          sortBy: (row) => row.lastUsedAt,
          cell: (row) => (row.lastUsedAt === null ? <Quiet>never</Quiet> : <Time at={row.lastUsedAt} now={now} />),
        },
        {
          name: 'Taken until',
          cell: (row) =>
            row.expiresAt === null ? <Quiet>it is revoked</Quiet> : <Time at={row.expiresAt} now={now} />,
        },
        {
          name: 'End',
          cell: (row) => (
            <ReasonAction
              label="Revoke"
              title={`Revoke ${row.prefix}…`}
              kind="danger"
              effect="Calls with it are refused as soon as the data planes hear of it, in a moment."
              act={(reason) => revoke(row.id, reason)}
            />
          ),
        },
      ]}
    />
  );
}

const MOST_REASON = 200;

function Volume({ consumer }: { consumer: ConsumerDetailReply }) {
  const now = useNow();
  const use = quotaUse(consumer);
  return (
    <Stack>
      {use && <Meter label="Quota used" share={use.share} text={`${percent(use.share)} ${use.of}`} note={use.when} />}
      <Row>
        <SparkBars
          counts={hourlyRequests(consumer, now)}
          label={`Requests in each of the last 24 hours; ${count(consumer.day.requests)} in all`}
        />
        <Quiet>requests by the hour, the last 24</Quiet>
      </Row>
      {consumer.byDeployment.length === 0 ? (
        <Empty title={`Nothing was asked in the last ${DAYS} days`} />
      ) : (
        <Table
          caption={`By deployment, in the last ${DAYS} days`}
          rows={consumer.byDeployment}
          keyOf={(row) => row.deployment}
          columns={[
            {
              name: 'Deployment',
              isWhole: true,
              cell: (row) => (
                <Link to="/deployments/$deployment" params={{ deployment: row.deployment }}>
                  {row.deployment}
                </Link>
              ),
            },
            { name: 'Requests', isNumber: true, sortBy: (row) => row.requests, cell: (row) => count(row.requests) },
            { name: 'Rows', isNumber: true, sortBy: (row) => row.rows, cell: (row) => count(row.rows) },
            { name: 'Errors', isNumber: true, sortBy: (row) => row.errors, cell: (row) => count(row.errors) },
            { name: 'Refused', isNumber: true, sortBy: (row) => row.refused, cell: (row) => count(row.refused) },
            { name: 'Last seen', cell: (row) => <Time at={row.lastSeenAt} now={now} /> },
          ]}
        />
      )}
    </Stack>
  );
}

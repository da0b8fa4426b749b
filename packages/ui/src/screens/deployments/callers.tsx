import { Link } from '@tanstack/react-router';
import { api, refresh, useRead } from '../../app/api.ts';
import type { DeploymentReply } from '../../app/replies.ts';
import { Button } from '../../design/button.tsx';
import { Loaded } from '../../design/loaded.tsx';
import { Empty, Row, Section } from '../../design/page.tsx';
import { State } from '../../design/state.tsx';
import { CallersTable } from '../consumers/callers-table.tsx';
import { ConsumerTable } from '../consumers/consumer-table.tsx';
import { UnknownCallers } from '../consumers/unknown-callers.tsx';
import { useAction } from '../use-action.tsx';

const DAYS = 7;

/** Who may call a deployment, and who does. */
export function Callers({ deployment: { name } }: { deployment: DeploymentReply }) {
  const consumers = useRead(api.consumers.list, { query: { deployment: name } });
  const callers = useRead(api.consumers.callers, { query: { deployment: name, days: DAYS } });
  return (
    <>
      <Section title="Who may call it">
        <Policy deployment={name} />
      </Section>
      <Section title="Consumers" note="that may call it, and what they asked of it">
        <Loaded of={consumers}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="No consumer may call it by a token">
                <Link to="/consumers">Consumers are declared on their own page.</Link>
              </Empty>
            ) : (
              <ConsumerTable consumers={items} of={name} />
            )
          }
        </Loaded>
      </Section>
      <Section title="Not declared" note={`callers without a token, in the last ${DAYS} days`}>
        <Loaded of={callers}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="Nobody called it without a token" />
            ) : (
              <CallersTable callers={items} deployment={name} />
            )
          }
        </Loaded>
      </Section>
      <UnknownCallers days={DAYS} deployment={name} />
    </>
  );
}

function Policy({ deployment }: { deployment: string }) {
  const policy = useRead(api.consumers.policy, { params: { deployment } });
  const isOpen = policy.data?.callers !== 'declared';
  const change = useAction(async () => {
    const body = { callers: isOpen ? ('declared' as const) : ('open' as const) };
    await api.consumers.setPolicy({ params: { deployment }, body });
    await refresh();
  });
  return (
    <Loaded of={policy}>
      {({ project }) => (
        <>
          <Row>
            {isOpen ? (
              <State tone="neutral">anybody; callers without a token are listed</State>
            ) : (
              <State tone="success">declared consumers only, by their tokens</State>
            )}
            {project === null ? (
              <Button disabled={change.isBusy} onClick={change.act}>
                {isOpen ? 'Ask for a token' : 'Let anybody call it'}
              </Button>
            ) : (
              <Link to="/projects/$project" params={{ project }}>
                {`declared by ${project}`}
              </Link>
            )}
          </Row>
          {change.failure}
        </>
      )}
    </Loaded>
  );
}

import { api, useRead } from '../../app/api.ts';
import { Command } from '../../design/copy.tsx';
import { Loaded } from '../../design/loaded.tsx';
import { Empty, Page, Section } from '../../design/page.tsx';
import { CallersTable } from './callers-table.tsx';
import { ConsumerTable } from './consumer-table.tsx';
import { CreateConsumer } from './create-consumer.tsx';
import { UnknownCallers } from './unknown-callers.tsx';

const DAYS = 7;

/** Who calls deployments: those that are declared, and those that are not. */
export function Consumers() {
  const consumers = useRead(api.consumers.list, { query: {} });
  const callers = useRead(api.consumers.callers, { query: { days: DAYS } });
  return (
    <Page
      title="Consumers"
      about="Who calls what is served, by its token, and callers that nobody has declared."
      actions={<CreateConsumer label="Add a consumer" kind="primary" />}
    >
      <Section title="Declared">
        <Loaded of={consumers}>
          {({ items }) => (items.length === 0 ? <NoConsumer /> : <ConsumerTable consumers={items} />)}
        </Loaded>
      </Section>
      <Section title="Not declared" note={`callers without a token, in the last ${DAYS} days`}>
        <Loaded of={callers}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="Nobody called without a token">
                A caller is listed here by its user agent and address from its first call on.
              </Empty>
            ) : (
              <CallersTable callers={items} />
            )
          }
        </Loaded>
      </Section>
      <UnknownCallers days={DAYS} />
    </Page>
  );
}

function NoConsumer() {
  return (
    <Empty title="No consumer is declared">
      <span>
        One that is has a token, a quota if you like, and its name in the log of predictions. A change of a deployment
        then has an owner to tell.
      </span>
      <Command>{'capstan consumers create booking-app --owner booking --purpose "warns travellers"'}</Command>
      <span>A project declares its own under consumers: in its capstan.yaml.</span>
    </Empty>
  );
}

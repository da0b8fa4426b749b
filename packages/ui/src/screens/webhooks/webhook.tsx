import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { api, refresh, useNow, useRead } from '../../app/api.ts';
import type { Reply } from '../../app/replies.ts';
import { Button } from '../../design/button.tsx';
import { Id } from '../../design/copy.tsx';
import { Loaded } from '../../design/loaded.tsx';
import { Columns, Empty, Facts, Page, Section } from '../../design/page.tsx';
import { State, type Tone } from '../../design/state.tsx';
import { Table } from '../../design/table.tsx';
import { Time } from '../../design/time.tsx';
import { useAction } from '../use-action.tsx';
import { WebhookState } from './webhooks.tsx';

type Delivery = Reply<typeof api.webhooks.deliveries>['items'][number];

const SHOWN = 200;

const tones: Readonly<Record<Delivery['state'], Tone>> = {
  pending: 'working',
  delivered: 'success',
  failed: 'danger',
  cancelled: 'unknown',
};

/** One webhook: what it was told, and how that went. */
export function Webhook() {
  const { webhook } = useParams({ from: '/webhooks/$webhook' });
  const now = useNow();
  const read = useRead(api.webhooks.get, { params: { webhook } });
  const [tested, setTested] = useState('');
  const test = useAction(async () => {
    const { status, error } = await api.webhooks.test({ params: { webhook }, body: {} });
    setTested(error ?? `The target answered ${status}`);
  });
  return (
    <Page
      title={read.data?.name ?? 'Webhook'}
      state={read.data && <WebhookState status={read.data.status} />}
      about={read.data?.description}
      actions={
        <Button disabled={test.isBusy} onClick={test.act}>
          Send a test
        </Button>
      }
    >
      {test.failure}
      {tested !== '' && <p role="status">{tested}</p>}
      <Loaded of={read}>
        {(found) => (
          <Columns
            aside={
              <Facts
                items={[
                  ['Address', <Id key="url" value={found.url} isWhole />],
                  ['Hears of', found.events.map((event) => <div key={event}>{event}</div>)],
                  ['Signed', found.isSigned ? 'yes; the secret is never shown' : 'no'],
                  ['Added', <Time key="created" at={found.createdAt} now={now} />],
                  ['Changed', <Time key="updated" at={found.updatedAt} now={now} />],
                ]}
              />
            }
          >
            <Section title="Deliveries">
              <Deliveries webhook={webhook} />
            </Section>
          </Columns>
        )}
      </Loaded>
    </Page>
  );
}

function Deliveries({ webhook }: { webhook: string }) {
  const now = useNow();
  const deliveries = useRead(api.webhooks.deliveries, { params: { webhook }, query: { limit: SHOWN } });
  return (
    <Loaded of={deliveries}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty title="Nothing was told yet">It hears of what happens from when it was added.</Empty>
        ) : (
          <Table
            caption="Deliveries"
            rows={items}
            keyOf={(row) => row.id}
            columns={[
              { name: 'When', sortBy: (row) => row.createdAt, cell: (row) => <Time at={row.createdAt} now={now} /> },
              { name: 'Event', cell: (row) => row.event },
              { name: 'State', cell: (row) => <State tone={tones[row.state]}>{row.state}</State> },
              { name: 'Tries', isNumber: true, cell: (row) => row.tries },
              { name: 'Answer', isNumber: true, cell: (row) => row.status ?? '' },
              { name: 'Why', cell: (row) => row.error ?? '' },
              { name: 'Again', cell: (row) => row.state !== 'pending' && <SendAgain delivery={row} /> },
            ]}
          />
        )
      }
    </Loaded>
  );
}

function SendAgain({ delivery }: { delivery: Delivery }) {
  const again = useAction(async () => {
    await api.webhooks.sendAgain({ params: { webhook: delivery.webhook, delivery: delivery.id } });
    await refresh();
  });
  return (
    <>
      <Button disabled={again.isBusy} onClick={again.act}>
        Send again
      </Button>
      {again.failure}
    </>
  );
}

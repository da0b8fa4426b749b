import { Link } from '@tanstack/react-router';
import { api, useNow, useRead } from '../../app/api.ts';
import { Command } from '../../design/copy.tsx';
import { Loaded } from '../../design/loaded.tsx';
import { Empty, Page } from '../../design/page.tsx';
import { State } from '../../design/state.tsx';
import { Table } from '../../design/table.tsx';
import { Time } from '../../design/time.tsx';

const SHOWN = 500;

/** Who outside hears of models and prompts. */
export function Webhooks() {
  const now = useNow();
  const webhooks = useRead(api.webhooks.list, { query: { limit: SHOWN } });
  return (
    <Page title="Webhooks">
      <Loaded of={webhooks}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="Nobody outside hears of models">
              <span>A webhook tells a service of each new version, alias or tag:</span>
              <Command>{`mlflow.MlflowClient().create_webhook("ci", "https://ci.example.org/hook", ["model_version_alias.created"], secret="…")`}</Command>
            </Empty>
          ) : (
            <Table
              caption="Webhooks"
              rows={items}
              keyOf={(row) => row.id}
              columns={[
                {
                  name: 'Webhook',
                  sortBy: (row) => row.name,
                  cell: (row) => (
                    <Link to="/webhooks/$webhook" params={{ webhook: row.id }}>
                      {row.name}
                    </Link>
                  ),
                },
                { name: 'State', cell: (row) => <WebhookState status={row.status} /> },
                { name: 'Address', cell: (row) => <code>{row.url}</code> },
                { name: 'Hears of', cell: (row) => row.events.join(', ') },
                { name: 'Signed', cell: (row) => (row.isSigned ? 'yes' : 'no') },
                {
                  name: 'Changed',
                  sortBy: (row) => row.updatedAt,
                  cell: (row) => <Time at={row.updatedAt} now={now} />,
                },
              ]}
            />
          )
        }
      </Loaded>
    </Page>
  );
}

export function WebhookState({ status }: { status: 'ACTIVE' | 'DISABLED' }) {
  return status === 'ACTIVE' ? <State tone="success">active</State> : <State tone="unknown">disabled</State>;
}

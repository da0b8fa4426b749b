import { Link } from '@tanstack/react-router';
import { api, useNow, useRead } from '../../app/api.ts';
import { Command } from '../../design/copy.tsx';
import { Loaded } from '../../design/loaded.tsx';
import { Empty, Page } from '../../design/page.tsx';
import { Badge } from '../../design/state.tsx';
import { Table } from '../../design/table.tsx';
import { Time } from '../../design/time.tsx';

const SHOWN = 500;

/** Registered models. */
export function Models() {
  const now = useNow();
  const models = useRead(api.registry.listModels, { query: { limit: SHOWN } });
  return (
    <Page title="Models">
      <Loaded of={models}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No model is registered">
              <span>A training script registers one, and each further version, by its name:</span>
              <Command>{`mlflow.onnx.log_model(model, name="model", registered_model_name="my-model")`}</Command>
            </Empty>
          ) : (
            <Table
              caption="Models"
              rows={items}
              keyOf={(row) => row.name}
              columns={[
                {
                  name: 'Model',
                  sortBy: (row) => row.name,
                  cell: (row) => (
                    <Link to="/models/$model" params={{ model: row.name }}>
                      {row.name}
                    </Link>
                  ),
                },
                {
                  name: 'Aliases',
                  cell: (row) =>
                    row.aliases.length === 0
                      ? 'none'
                      : row.aliases.map((alias) => (
                          <Badge key={alias.alias}>{`${alias.alias} → v${alias.version}`}</Badge>
                        )),
                },
                {
                  name: 'Newest',
                  isNumber: true,
                  cell: (row) =>
                    row.latestVersions.length === 0
                      ? 'none'
                      : `v${Math.max(...row.latestVersions.map((version) => version.version))}`,
                },
                {
                  name: 'Project',
                  cell: (row) =>
                    row.project === null ? (
                      ''
                    ) : (
                      <Link to="/projects/$project" params={{ project: row.project }}>
                        {row.project}
                      </Link>
                    ),
                },
                { name: 'About', cell: (row) => row.description ?? '' },
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

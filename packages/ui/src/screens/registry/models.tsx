import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { api, useNow, useRead } from '../../app/api.ts';
import { Command } from '../../design/copy.tsx';
import { Loaded } from '../../design/loaded.tsx';
import { Empty, Page } from '../../design/page.tsx';
import { Badge } from '../../design/state.tsx';
import { Table } from '../../design/table.tsx';
import { Tabs } from '../../design/tabs.tsx';
import { Time } from '../../design/time.tsx';
import { ProjectLink } from '../projects/project-link.tsx';

const SHOWN = 500;

const IS_PROMPT = "tags.`mlflow.prompt.is_prompt` = 'true'";

/** What is registered: models, and prompts, which MLflow keeps as models of a kind. */
export function Models() {
  const search = useSearch({ from: '/models' });
  const navigate = useNavigate({ from: '/models' });
  const isPrompts = search.tab === 'prompts';
  return (
    <Page title={isPrompts ? 'Prompts' : 'Models'}>
      <Tabs
        label="Kinds of models"
        tabs={[
          { id: 'models', label: 'Models' },
          { id: 'prompts', label: 'Prompts' },
        ]}
        chosen={isPrompts ? 'prompts' : 'models'}
        onChoose={(id) => void navigate({ search: id === 'models' ? {} : { tab: id } })}
      >
        <Registered isPrompts={isPrompts} />
      </Tabs>
    </Page>
  );
}

function Registered({ isPrompts }: { isPrompts: boolean }) {
  const now = useNow();
  const query = { limit: SHOWN, ...(isPrompts && { filter: IS_PROMPT }) };
  const models = useRead(api.registry.listModels, { query });
  return (
    <Loaded of={models}>
      {({ items }) =>
        items.length === 0 && isPrompts ? (
          <Empty title="No prompt is registered">
            <Command>{`mlflow.genai.register_prompt(name="my-prompt", template="Summarise: {{text}}")`}</Command>
          </Empty>
        ) : items.length === 0 ? (
          <Empty title="No model is registered">
            <span>A training script registers one, and each further version, by its name:</span>
            <Command>{`mlflow.onnx.log_model(model, name="model", registered_model_name="my-model")`}</Command>
          </Empty>
        ) : (
          <Table
            caption={isPrompts ? 'Prompts' : 'Models'}
            rows={items}
            keyOf={(row) => row.name}
            columns={[
              {
                name: isPrompts ? 'Prompt' : 'Model',
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
                cell: (row) => (row.project === null ? '' : <ProjectLink name={row.project} />),
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
  );
}

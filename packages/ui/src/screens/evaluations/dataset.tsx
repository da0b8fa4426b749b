import { Link, useParams } from '@tanstack/react-router';
import { api, useNow, useRead } from '../../app/api.ts';
import type { EvaluationDatasetReply } from '../../app/replies.ts';
import { Command, Id } from '../../design/copy.tsx';
import { counted } from '../../design/format.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Columns, Empty, Facts, Page, Quiet, Section } from '../../design/page.tsx';
import { Table } from '../../design/table.tsx';
import { Time } from '../../design/time.tsx';
import { RunState } from '../experiments/run-state.tsx';
import { ExperimentLinks } from './experiment-links.tsx';
import { Records } from './records.tsx';
import { tagsOfPeople } from './tags.ts';

/** One evaluation dataset: its records, and which runs judged an application by them. */
export function EvaluationDataset() {
  const { dataset } = useParams({ from: '/evaluation-datasets/$dataset' });
  const read = useRead(api.evaluations.getDataset, { params: { dataset } });
  return (
    <Page
      title={read.data?.name ?? 'Evaluation dataset'}
      state={read.data && <Quiet>{counted(read.data.recordCount, 'record')}</Quiet>}
    >
      <Loaded of={read}>
        {(found) => (
          <Columns aside={<Aside dataset={found} />}>
            <Section title="Records">
              {found.recordCount === 0 ? <NoRecords name={found.name} /> : <Records dataset={found} />}
            </Section>
            <Section title="Used by">
              <Uses dataset={found} />
            </Section>
            <Section title="Use it from Python">
              <Command>{`mlflow.set_tracking_uri("${location.origin}")\ndataset = mlflow.genai.datasets.get_dataset(dataset_id="${found.id}")\nmlflow.genai.evaluate(data=dataset, predict_fn=answer, scorers=[...])`}</Command>
            </Section>
          </Columns>
        )}
      </Loaded>
    </Page>
  );
}

function NoRecords({ name }: { name: string }) {
  return (
    <Empty title="No record yet">
      <span>Examples are merged in by their inputs; traces of an experiment are taken as they are:</span>
      <Command>{`dataset = mlflow.genai.datasets.get_dataset(name="${name}")\ndataset.merge_records([{"inputs": {"question": "Why?"}, "expectations": {"answer": "42"}}])\ndataset.merge_records(mlflow.search_traces())`}</Command>
    </Empty>
  );
}

/** As `mlflow.genai.evaluate` logs it with each run. */
function Uses({ dataset }: { dataset: EvaluationDatasetReply }) {
  const now = useNow();
  const ids = dataset.usedBy.map(({ runId }) => runId);
  const runs = useRead(api.experiments.getRuns, { body: { ids } }, { isEnabled: ids.length > 0 });
  if (ids.length === 0) {
    return (
      <Empty title="No run has read it">
        <code>mlflow.genai.evaluate(data=dataset, scorers=[...])</code>
      </Empty>
    );
  }
  const digests = new Map(dataset.usedBy.map(({ runId, digest }) => [runId, digest]));
  return (
    <Loaded of={runs}>
      {({ items }) => (
        <Table
          caption="Runs that read it"
          rows={items}
          keyOf={(row) => row.id}
          columns={[
            {
              name: 'Run',
              sortBy: (row) => row.name,
              cell: (row) => (
                <Link to="/runs/$run" params={{ run: row.id }}>
                  {row.name}
                </Link>
              ),
            },
            { name: 'State', cell: (row) => <RunState run={row} now={now} /> },
            { name: 'Experiment', cell: (row) => <ExperimentLinks ids={[row.experimentId]} /> },
            {
              name: 'Records then',
              cell: (row) => (digests.get(row.id) === dataset.digest ? 'as they are' : <Quiet>changed since</Quiet>),
            },
            { name: 'Started', sortBy: (row) => row.startTime, cell: (row) => <Time at={row.startTime} now={now} /> },
          ]}
        />
      )}
    </Loaded>
  );
}

function Aside({ dataset }: { dataset: EvaluationDatasetReply }) {
  const now = useNow();
  return (
    <Facts
      items={[
        ['Id', <Id key="id" value={dataset.id} />],
        ['Digest', <Id key="digest" value={dataset.digest} />],
        [
          'Experiments',
          dataset.experimentIds.length === 0 ? 'none' : <ExperimentLinks key="links" ids={dataset.experimentIds} />,
        ],
        ['Made by', dataset.createdBy ?? ''],
        ['Created', <Time key="created" at={dataset.createdAt} now={now} />],
        ['Changed', <Time key="changed" at={dataset.updatedAt} now={now} />],
        ['Changed by', dataset.updatedBy ?? ''],
        ...tagsOfPeople(dataset.tags),
      ]}
    />
  );
}

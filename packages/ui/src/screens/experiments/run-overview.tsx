import { Link } from '@tanstack/react-router';
import { api, useNow, useRead } from '../../app/api.ts';
import type { RunReply } from '../../app/replies.ts';
import { Id } from '../../design/copy.tsx';
import { figure } from '../../design/format.ts';
import { Empty, Facts, Halves, Section } from '../../design/page.tsx';
import { Table } from '../../design/table.tsx';
import { Time, Took } from '../../design/time.tsx';
import { Reproduce, SourceDiff } from './run-source.tsx';
import css from './run-overview.module.css';
import { LoggedModels, ModelVersionsOfRun } from './run-models.tsx';

/** What was logged to a run, in tables. */
export function Overview({ run }: { run: RunReply }) {
  // Those of the machine have a part of their own.
  const metrics = Object.entries(run.metrics).filter(([key]) => !key.startsWith('system/'));
  const params = Object.entries(run.params);
  return (
    <>
      <Reproduce run={run} />
      <Section title="Metrics">
        {metrics.length === 0 ? (
          <Empty title="No metric yet">
            <code>mlflow.log_metric("log_loss", 0.54, step=10)</code>
          </Empty>
        ) : (
          <Table
            caption="Metrics"
            rows={metrics}
            keyOf={([key]) => key}
            columns={[
              { name: 'Metric', sortBy: ([key]) => key, cell: ([key]) => <code>{key}</code> },
              { name: 'Last', isNumber: true, cell: ([, metric]) => figure(metric.value) },
              { name: 'At step', isNumber: true, cell: ([, metric]) => figure(metric.step) },
              { name: 'Min', isNumber: true, cell: ([, metric]) => figure(metric.min) },
              { name: 'Max', isNumber: true, cell: ([, metric]) => figure(metric.max) },
            ]}
          />
        )}
      </Section>
      <Halves>
        <Section title="Params">
          {params.length === 0 ? (
            <Empty title="No param">
              <code>mlflow.log_param("depth", 6)</code>
            </Empty>
          ) : (
            <Table
              caption="Params"
              rows={params}
              keyOf={([key]) => key}
              columns={[
                { name: 'Param', sortBy: ([key]) => key, cell: ([key]) => <code className={css['key']}>{key}</code> },
                { name: 'Value', cell: ([, value]) => value },
              ]}
            />
          )}
        </Section>
        <Section title="Data it used">
          {run.datasets.length === 0 ? (
            <Empty title="No dataset was logged">
              <code>mlflow.log_input(dataset, context="training")</code>
            </Empty>
          ) : (
            <Table
              caption="Datasets"
              rows={run.datasets}
              keyOf={(row) => `${row.name} ${row.digest}`}
              columns={[
                { name: 'Dataset', cell: (row) => <DatasetName dataset={row} /> },
                { name: 'As', cell: (row) => row.tags['mlflow.data.context'] ?? '' },
                { name: 'Digest', cell: (row) => <Id value={row.digest} /> },
              ]}
            />
          )}
        </Section>
      </Halves>
      <Section title="Models">
        <LoggedModels run={run} />
      </Section>
      <SourceDiff diff={run.tags['mlflow.source.git.diff']} />
      <Section title="Tags">
        <Table
          caption="Tags"
          rows={Object.entries(run.tags).filter(([key]) => key !== 'mlflow.source.git.diff')}
          keyOf={([key]) => key}
          columns={[
            { name: 'Tag', cell: ([key]) => <code>{key}</code> },
            { name: 'Value', cell: ([, value]) => (value.length > 300 ? `${value.slice(0, 300)}…` : value) },
          ]}
        />
      </Section>
    </>
  );
}

/** An evaluation dataset has a page here; of others only their source is known. */
function DatasetName({ dataset }: { dataset: RunReply['datasets'][number] }) {
  const id = /"(d-[0-9a-f]{32})"/.exec(dataset.source)?.[1];
  if (dataset.sourceType !== 'mlflow_evaluation_dataset' || id === undefined) {
    return <span title={dataset.source}>{dataset.name}</span>;
  }
  return (
    <Link to="/evaluation-datasets/$dataset" params={{ dataset: id }}>
      {dataset.name}
    </Link>
  );
}

/** What a run is: where it belongs, who made it, when. */
export function Aside({ run }: { run: RunReply }) {
  const now = useNow();
  const experiment = useRead(api.experiments.get, { params: { experiment: run.experimentId } }).data;
  const pipelineRun = run.tags['capstan.pipelineRun'] ?? run.tags['capstan.pipeline_run'];
  return (
    <Facts
      items={[
        [
          'Experiment',
          <Link key="experiment" to="/experiments/$experiment" params={{ experiment: run.experimentId }}>
            {experiment?.name ?? run.experimentId}
          </Link>,
        ],
        ['Id', <Id key="id" value={run.id} isWhole />],
        ['By', run.user],
        ['Started', <Time key="start" at={run.startTime} now={now} />],
        [
          'Took',
          <Took key="took" from={run.startTime} to={run.liveness === 'lost' ? run.updatedAt : run.endTime} now={now} />,
        ],
        ['Last write', <Time key="updated" at={run.updatedAt} now={now} />],
        ...(run.tags['mlflow.parentRunId'] === undefined
          ? []
          : [
              [
                'Nested in',
                <Link key="parent" to="/runs/$run" params={{ run: run.tags['mlflow.parentRunId'] }}>
                  <code>{run.tags['mlflow.parentRunId'].slice(0, 8)}</code>
                </Link>,
              ] as const,
            ]),
        ...(pipelineRun === undefined
          ? []
          : [
              [
                'Pipeline run',
                <Link key="pipeline" to="/pipeline-runs/$run" params={{ run: pipelineRun }}>
                  <code>{pipelineRun}</code>
                </Link>,
              ] as const,
            ]),
        ['Versions', <ModelVersionsOfRun key="versions" run={run.id} />],
        ...(run.tags['mlflow.source.name'] === undefined
          ? []
          : [['Script', <code key="script">{run.tags['mlflow.source.name']}</code>] as const]),
        ...(run.tags['mlflow.source.git.commit'] === undefined
          ? []
          : [['Commit', <Id key="commit" value={run.tags['mlflow.source.git.commit']} />] as const]),
      ]}
    />
  );
}

import { Link, useParams } from '@tanstack/react-router';
import { api, refresh, useNow, useRead } from '../../app/api.ts';
import type { PipelineRunReply } from '../../app/replies.ts';
import { Button } from '../../design/button.tsx';
import { Id } from '../../design/copy.tsx';
import { duration } from '../../design/format.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Columns, Empty, Facts, Page, Section } from '../../design/page.tsx';
import { StageGraph } from '../../design/stage-graph.tsx';
import { Table } from '../../design/table.tsx';
import { Moment, Time, Took } from '../../design/time.tsx';
import { useAction } from '../use-action.tsx';
import { EnvironmentLog } from './logs.tsx';
import { CycleLink } from './pipeline-runs.tsx';
import { PipelineState, pipelineTones } from './pipeline-state.tsx';
import { RetryFrom } from './retry.tsx';
import { Stage, stageAnchor } from './stage.tsx';

/** One run of the pipeline: what it read, each stage with why it ran or did not, what it printed. */
export function PipelineRun() {
  const { run } = useParams({ from: '/pipeline-runs/$run' });
  const read = useRead(api.pipelines.get, { params: { run } });
  const cancel = useAction(async () => {
    await api.pipelines.cancel({ params: { run } });
    await refresh();
  });
  const data = read.data;
  const isOpen = data?.status === 'queued' || data?.status === 'running';
  return (
    <Page
      title={data ? `Pipeline run ${data.number}` : 'Pipeline run'}
      state={data && <PipelineState status={data.status} />}
      about={data?.reason}
      actions={
        data &&
        (isOpen ? (
          <Button kind="danger" onClick={cancel.act} disabled={cancel.isBusy || data.isCancelRequested}>
            {data.isCancelRequested ? 'Cancelling…' : 'Cancel'}
          </Button>
        ) : (
          <RetryFrom run={data.id} />
        ))
      }
    >
      {cancel.failure}
      <Loaded of={read}>
        {(found) => (
          <Columns aside={<Aside run={found} />}>
            {found.stages.length === 0 ? (
              <Empty title="No stage yet">The stages are read from the pipeline file when the workspace is made.</Empty>
            ) : (
              <StageGraph
                label="Stages"
                onChoose={(name) => document.getElementById(stageAnchor(name))?.scrollIntoView()}
                steps={found.stages.map((stage) => ({
                  key: stage.name,
                  label: stage.name,
                  tone: pipelineTones[stage.status],
                  word: wordOf(stage),
                  isCurrent: stage.status === 'running',
                  after: stage.after,
                }))}
              />
            )}
            <Inputs run={found} />
            <EnvironmentLog run={found} />
            {found.stages.map((stage) => (
              <Stage
                key={stage.name}
                stage={stage}
                actions={!isOpen && <RetryFrom run={found.id} stage={stage.name} />}
              />
            ))}
          </Columns>
        )}
      </Loaded>
    </Page>
  );
}

function wordOf({ isCached, status, because, attempts }: PipelineRunReply['stages'][number]): string {
  if (isCached) return 'cached';
  if (because !== null) return `skipped: ${because} failed`;
  return attempts.length > 1 ? `${status}, attempt ${attempts.length}` : status;
}

function Inputs({ run }: { run: PipelineRunReply }) {
  return (
    <Section
      title="Data it read"
      note={
        run.cutoff === null ? undefined : (
          <>
            rows before <Moment at={run.cutoff} />
          </>
        )
      }
    >
      <Table
        caption="Inputs"
        rows={run.inputs}
        keyOf={(row) => row.dataset}
        columns={[
          { name: 'Dataset', cell: (row) => row.dataset },
          { name: 'Asked for', cell: (row) => <VersionLink id={row.versionId} number={row.number} /> },
          {
            name: 'Used',
            cell: (row) =>
              row.used ? <VersionLink id={row.used.versionId} number={row.used.number} /> : 'not yet known',
          },
          { name: 'Digest', cell: (row) => <Id value={row.used?.digest ?? row.digest} /> },
          { name: 'In the workspace', cell: (row) => <code>{row.path}</code> },
        ]}
      />
    </Section>
  );
}

function VersionLink({ id, number }: { id: string; number: number }) {
  return (
    <Link to="/dataset-versions/$version" params={{ version: id }}>
      {`version ${number}`}
    </Link>
  );
}

function Aside({ run }: { run: PipelineRunReply }) {
  const now = useNow();
  const params = Object.entries(run.params).flatMap(([file, values]) =>
    Object.entries(values).map(([key, value]) => [`${file}: ${key}`, JSON.stringify(value)] as const),
  );
  return (
    <Facts
      items={[
        [
          'Project',
          <Link key="project" to="/projects/$project" params={{ project: run.project }}>
            {run.project}
          </Link>,
        ],
        ['Revision', run.revision],
        ['Id', <Id key="id" value={run.id} isWhole />],
        ['Cycle', run.cycle === null ? 'none' : <CycleLink key="cycle" project={run.project} cycle={run.cycle} />],
        ['By', run.actor],
        ['Asked for', <Time key="asked" at={run.createdAt} now={now} />],
        [
          'Took',
          run.startedAt === null ? 'not begun' : <Took key="took" from={run.startedAt} to={run.endedAt} now={now} />,
        ],
        ['Busy with', run.phase],
        ['Code', run.codeDigest === null ? 'not yet known' : <Id key="code" value={run.codeDigest} />],
        ['Commit', run.gitCommit === null ? 'not in git' : <Id key="commit" value={run.gitCommit} />],
        ['Code from', run.fromCommit === null ? 'the project’s folder as it was' : 'the commit'],
        [
          'Environment',
          run.environmentKey === null ? 'not yet known' : <Id key="environment" value={run.environmentKey} />,
        ],
        ['Executor', run.executor],
        ['After a failure', run.keepGoing ? 'what does not depend on it goes on' : 'nothing more begins'],
        ...(run.retryOf === null
          ? []
          : [
              [
                'Retry of',
                <Link key="retry" to="/pipeline-runs/$run" params={{ run: run.retryOf }}>
                  {run.forcedFrom === null ? 'an earlier run' : `an earlier run, anew from ${run.forcedFrom}`}
                </Link>,
              ] as const,
            ]),
        ['Longest stage', duration(run.stageTimeoutMs)],
        ...params,
      ]}
    />
  );
}

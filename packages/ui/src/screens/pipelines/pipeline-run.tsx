import { Link, useParams } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { api, refresh, useNow, useRead } from '../../app/api.ts';
import type { PipelineRunReply } from '../../app/replies.ts';
import { Button } from '../../design/button.tsx';
import { Id } from '../../design/copy.tsx';
import { duration } from '../../design/format.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Columns, Empty, Facts, Page, Quiet, Section } from '../../design/page.tsx';
import { StageGraph } from '../../design/stage-graph.tsx';
import { Table } from '../../design/table.tsx';
import { Moment, Time, Took } from '../../design/time.tsx';
import { useAction } from '../use-action.tsx';
import { RunLineage } from './lineage.tsx';
import { EnvironmentLog } from './logs.tsx';
import { CycleLink } from './pipeline-runs.tsx';
import { PipelineState, pipelineTones } from './pipeline-state.tsx';
import { placeFacts, type Place } from './place.tsx';
import { outcomeWord } from './report.tsx';
import { RetryFrom } from './retry.tsx';
import { Stage } from './stage.tsx';

const LOOK_EVERY_MS = 15_000;

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
  const { refetch } = read;
  const isWatched = isOpen && data.source === 'checkout';
  useEffect(() => {
    if (!isWatched) return;
    // That nothing is heard is no fact: the feed does not tell of it.
    const timer = setInterval(() => void refetch(), LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, [isWatched, refetch]);
  return (
    <Page
      title={data ? `Pipeline run ${data.number}` : 'Pipeline run'}
      state={data && <PipelineState status={data.status} isLost={data.isLost} />}
      about={
        data?.isLost
          ? `Nothing was heard of it for a while: ${data.place?.host} may be off, or away. It goes on here when it is back.`
          : data?.reason
      }
      actions={data && <Actions run={data} isOpen={isOpen} cancel={cancel} />}
    >
      {cancel.failure}
      <Loaded of={read}>
        {(found) => (
          <Columns aside={<Aside run={found} />}>
            <Stages run={found} />
            {found.source === 'server' && <Inputs run={found} />}
            <RunLineage run={found.id} />
            {found.source === 'server' && <EnvironmentLog run={found} />}
          </Columns>
        )}
      </Loaded>
    </Page>
  );
}

function Actions(props: { run: PipelineRunReply; isOpen: boolean; cancel: ReturnType<typeof useAction> }) {
  const { run, isOpen, cancel } = props;
  if (!isOpen) return run.source === 'server' && <RetryFrom run={run.id} />;
  if (run.source === 'checkout')
    return <Quiet>{`It runs in a checkout on ${run.place?.host}: Ctrl-C there ends it`}</Quiet>;
  return (
    <Button kind="danger" onClick={cancel.act} disabled={cancel.isBusy || run.isCancelRequested}>
      {run.isCancelRequested ? 'Cancelling…' : 'Cancel'}
    </Button>
  );
}

function wordOf({ isCached, status, because, attempts, report }: PipelineRunReply['stages'][number]): string {
  if (isCached) return 'cached';
  if (because !== null) return `skipped: ${because} failed`;
  const word = outcomeWord(report) ?? status;
  return attempts.length > 1 ? `${word}, attempt ${attempts.length}` : word;
}

/** The graph, and below it the stage that was chosen: without a choice the one that is of interest now. */
function Stages({ run }: { run: PipelineRunReply }) {
  const [chosen, setChosen] = useState<string>();
  const { stages } = run;
  const hasEnded = run.status !== 'queued' && run.status !== 'running';
  const shown = stages.find(({ name }) => name === chosen) ?? stageOfInterest(stages);
  if (!shown)
    return <Empty title="No stage yet">The stages are read from the pipeline file when the workspace is made.</Empty>;
  return (
    <>
      <StageGraph
        label="Stages"
        chosen={shown.name}
        onChoose={setChosen}
        stages={stages.map((stage) => ({
          name: stage.name,
          after: stage.after,
          tone: pipelineTones[stage.status],
          word: wordOf(stage),
        }))}
      />
      <Stage
        key={shown.name}
        stage={shown}
        actions={hasEnded && run.source === 'server' && <RetryFrom run={run.id} stage={shown.name} />}
      />
    </>
  );
}

/** What runs, else what failed, else the last that did anything. */
function stageOfInterest(stages: PipelineRunReply['stages']): PipelineRunReply['stages'][number] | undefined {
  return (
    stages.find(({ status }) => status === 'running') ??
    stages.find(({ status }) => status === 'failed') ??
    stages.findLast(({ attempts }) => attempts.length > 0) ??
    stages[0]
  );
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
  if (run.place) return <PlaceAside run={run} place={run.place} now={now} />;
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
        ...paramFacts(run),
      ]}
    />
  );
}

/** Values that were set for the run. */
function paramFacts({ params }: PipelineRunReply) {
  return Object.entries(params).flatMap(([file, values]) =>
    Object.entries(values).map(([key, value]) => [`${file}: ${key}`, JSON.stringify(value)] as const),
  );
}

function PlaceAside({ run, place, now }: { run: PipelineRunReply; place: Place; now: number }) {
  return (
    <Facts
      items={[
        [
          'Project',
          <Link key="project" to="/projects/$project/pipeline-runs" params={{ project: run.project }}>
            {run.project}
          </Link>,
        ],
        ['Id', <Id key="id" value={run.id} isWhole />],
        ['By', run.actor],
        ['Began', <Time key="began" at={run.createdAt} now={now} />],
        ['Took', <Took key="took" from={run.startedAt ?? run.createdAt} to={run.endedAt} now={now} />],
        ...placeFacts(place),
        ...paramFacts(run),
      ]}
    />
  );
}

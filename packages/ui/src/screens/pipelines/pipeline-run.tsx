import { Link, useParams } from '@tanstack/react-router';
import { useEffect } from 'react';
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
import { EnvironmentLog } from './logs.tsx';
import { CycleLink } from './pipeline-runs.tsx';
import { PipelineState, pipelineTones } from './pipeline-state.tsx';
import { placeFacts, type Place } from './place.tsx';
import { outcomeWord } from './report.tsx';
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
      actions={
        isOpen &&
        (data.source === 'checkout' ? (
          <Quiet>{`It runs in a checkout on ${data.place?.host}: Ctrl-C there ends it`}</Quiet>
        ) : (
          <Button kind="danger" onClick={cancel.act} disabled={cancel.isBusy || data.isCancelRequested}>
            {data.isCancelRequested ? 'Cancelling…' : 'Cancel'}
          </Button>
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
                stages={found.stages.map((stage) => ({
                  name: stage.name,
                  after: stage.after,
                  tone: pipelineTones[stage.status],
                  word: stage.isCached ? 'cached' : (outcomeWord(stage.report) ?? stage.status),
                  isCurrent: stage.status === 'running',
                }))}
              />
            )}
            {found.source === 'server' && <Inputs run={found} />}
            {found.source === 'server' && <EnvironmentLog run={found} />}
            {found.stages.map((stage) => (
              <Stage key={stage.name} stage={stage} />
            ))}
          </Columns>
        )}
      </Loaded>
    </Page>
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
        [
          'Environment',
          run.environmentKey === null ? 'not yet known' : <Id key="environment" value={run.environmentKey} />,
        ],
        ['Longest stage', duration(run.stageTimeoutMs)],
        ...params,
      ]}
    />
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
      ]}
    />
  );
}

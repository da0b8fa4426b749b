import { Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { useNow } from '../../app/api.ts';
import type { PipelineRunReply } from '../../app/replies.ts';
import { Command } from '../../design/copy.tsx';
import { Button } from '../../design/button.tsx';
import { bytes, duration } from '../../design/format.ts';
import { Facts, Row, Section } from '../../design/page.tsx';
import { Table } from '../../design/table.tsx';
import { Took } from '../../design/time.tsx';
import { AttemptLog } from './logs.tsx';
import { PipelineState } from './pipeline-state.tsx';
import { outcomeWord, reportFacts, ReportedFiles } from './report.tsx';

type StageReply = PipelineRunReply['stages'][number];

/** A stage: what it is, why it ran or did not, its attempts and what they printed. */
export function Stage({ stage, actions }: { stage: StageReply; actions: ReactNode }) {
  const last = stage.attempts.at(-1);
  const [shownLog, setShownLog] = useState<string | null>(null);
  const logOf = shownLog ?? last?.id ?? null;
  return (
    <Section
      title={stage.name}
      note={<PipelineState status={stage.status} isCached={stage.isCached} word={outcomeWord(stage.report)} />}
    >
      {stage.description !== null && <p>{stage.description}</p>}
      {stage.because !== null && <p>{`It was left out because the stage ${stage.because} failed.`}</p>}
      {stage.reason !== null && <p>{stage.reason}</p>}
      <Facts
        items={[
          ['Why', stage.why.length === 0 ? 'not decided yet' : stage.why.map((reason) => reason.text).join('; ')],
          ['After', stage.after.length === 0 ? 'nothing' : stage.after.join(', ')],
          ...reportFacts(stage.report),
          ['Reads', <Paths key="in" paths={stage.inputs} />],
          ['Writes', <Paths key="out" paths={stage.outputs} />],
          [
            'Run',
            stage.runId === null ? (
              'none'
            ) : (
              <Link key="run" to="/runs/$run" params={{ run: stage.runId }}>
                metrics, params and files
              </Link>
            ),
          ],
        ]}
      />
      <Command>{stage.command}</Command>
      {stage.attempts.length > 0 && <Attempts stage={stage} onShow={setShownLog} shown={logOf} />}
      {logOf !== null && <AttemptLog attempt={logOf} label={`Log of ${stage.name}`} />}
      {stage.report && <ReportedFiles report={stage.report} stage={stage.name} />}
      <Row>{actions}</Row>
    </Section>
  );
}

function Paths({ paths }: { paths: readonly string[] }) {
  return paths.length === 0 ? 'nothing' : <code>{paths.join(', ')}</code>;
}

function Attempts(props: { stage: StageReply; shown: string | null; onShow(attempt: string): void }) {
  const now = useNow();
  return (
    <Table
      caption={`Attempts at ${props.stage.name}`}
      rows={props.stage.attempts}
      keyOf={(row) => row.id}
      columns={[
        { name: 'Attempt', isNumber: true, cell: (row) => row.number },
        { name: 'State', cell: (row) => <PipelineState status={row.status} /> },
        {
          name: 'Took',
          isNumber: true,
          cell: (row) =>
            row.durationMs === null ? (
              <Took from={row.startedAt} to={row.endedAt} now={now} />
            ) : (
              duration(row.durationMs)
            ),
        },
        { name: 'Processor', isNumber: true, cell: (row) => (row.cpuMs === null ? '' : duration(row.cpuMs)) },
        {
          name: 'Peak memory',
          isNumber: true,
          cell: (row) => (row.peakMemoryBytes === null ? '' : bytes(row.peakMemoryBytes)),
        },
        { name: 'Exit', cell: (row) => row.signal ?? row.exitCode ?? '' },
        ...(props.stage.attempts.some((row) => row.machine !== null)
          ? [{ name: 'Machine', cell: (row: StageReply['attempts'][number]) => row.machine ?? '' }]
          : []),
        { name: 'Why', cell: (row) => row.reason ?? '' },
        {
          name: 'Log',
          cell: (row) => (
            <Button aria-pressed={props.shown === row.id} onClick={() => props.onShow(row.id)}>
              Show log
            </Button>
          ),
        },
      ]}
    />
  );
}

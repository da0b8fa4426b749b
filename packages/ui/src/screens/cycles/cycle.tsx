import { Link, useParams } from '@tanstack/react-router';
import { api, useNow, useRead } from '../../app/api.ts';
import type { CycleReply } from '../../app/replies.ts';
import { CycleRing } from '../../design/cycle-ring.tsx';
import { Id } from '../../design/copy.tsx';
import { Decisions } from '../../design/decisions.tsx';
import { percent } from '../../design/format.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Columns, Facts, Page } from '../../design/page.tsx';
import type { Tone } from '../../design/state.tsx';
import { Span, Time, Took } from '../../design/time.tsx';
import { Timeline, type TimelineEntry } from '../../design/timeline.tsx';
import { phaseOfCycle } from '../projects/project-state.ts';
import { CycleState } from './cycle-state.tsx';
import { Evidence } from './evidence.tsx';

type Step = CycleReply['steps'][number];

/** One turn, from what started it to its verdict: each step, each decision with value, limit, n and evidence. */
export function Cycle() {
  const { project, cycle } = useParams({ from: '/projects/$project/cycles/$cycle' });
  const now = useNow();
  const read = useRead(api.cycles.get, { params: { project, cycle } });
  return (
    <Page
      title={read.data ? `Cycle ${read.data.number}` : 'Cycle'}
      state={read.data && <CycleState state={read.data.state} />}
      about={read.data?.reason}
    >
      <Loaded of={read}>
        {(data) => (
          <Columns aside={<Aside cycle={data} />}>
            <Timeline label="Steps of the cycle" entries={entriesOf(data, now)} />
          </Columns>
        )}
      </Loaded>
    </Page>
  );
}

const tones: Record<Step['status'], { readonly tone: Tone; readonly word: string }> = {
  pass: { tone: 'success', word: 'passed' },
  fail: { tone: 'danger', word: 'failed' },
  unknown: { tone: 'unknown', word: 'unknown' },
  running: { tone: 'working', word: 'under way' },
};

const titles: Record<Step['step'], string> = {
  trigger: 'Trigger',
  data: 'Data',
  training: 'Training',
  gates: 'Gates',
  rollout: 'Rollout',
  verdict: 'Verdict',
};

/** An entry a step, with the decisions taken in it. */
function entriesOf(cycle: CycleReply, now: number): TimelineEntry[] {
  const order = [...new Set(cycle.steps.map((row) => row.step))];
  return order.map((step) => {
    const rows = cycle.steps.filter((row) => row.step === step);
    const whole = rows.findLast((row) => row.decision === null) ?? rows[0];
    const decisions = rows.filter((row) => row.decision !== null);
    const status = whole?.status ?? 'unknown';
    return {
      key: step,
      tone: tones[status].tone,
      word: tones[status].word,
      title: `${titles[step]}${whole?.reason ? `: ${whole.reason}` : ''}`,
      when: whole && (
        <>
          <Time at={whole.startedAt} now={now} />, <Took from={whole.startedAt} to={whole.endedAt} now={now} />
        </>
      ),
      children: (
        <>
          {whole && <Evidence project={cycle.project} refs={whole.evidence} />}
          {decisions.length > 0 && (
            <Decisions
              caption={`Decisions of ${step}`}
              decisions={decisions.map((row) => ({
                name: (row.decision ?? '').replaceAll('_', ' '),
                status: row.status,
                value: row.value,
                limit: row.limit,
                n: row.n,
                reason: row.reason,
                evidence: <Evidence project={cycle.project} refs={row.evidence} />,
              }))}
            />
          )}
        </>
      ),
    };
  });
}

function Aside({ cycle }: { cycle: CycleReply }) {
  const now = useNow();
  const phase = phaseOfCycle(cycle.state);
  return (
    <>
      <CycleRing
        states={cycle.isOpen ? { [phase]: { tone: 'working', word: cycle.state } } : {}}
        position={cycle.isOpen ? phase : undefined}
        head={`cycle ${cycle.number}`}
        lines={[cycle.state.replace('-', ' ')]}
      />
      <Facts
        items={[
          [
            'Project',
            <Link key="project" to="/projects/$project" params={{ project: cycle.project }}>
              {cycle.project}
            </Link>,
          ],
          ['Because of', cycle.trigger.kind.replace('-', ' ')],
          ['Began', <Time key="began" at={cycle.startedAt} now={now} />],
          ['Took', <Took key="took" from={cycle.startedAt} to={cycle.endedAt} now={now} />],
          [
            'Judged on',
            cycle.window === null ? (
              'not yet known'
            ) : (
              <Span key="window" from={cycle.window.from} to={cycle.window.before} />
            ),
          ],
          [
            'Baseline',
            cycle.baselineProbability === null ? 'not yet known' : `${percent(cycle.baselineProbability)} known before`,
          ],
          ...evidenceOf(cycle),
          ['Id', <Id key="id" value={cycle.id} isWhole />],
        ]}
      />
    </>
  );
}

/** The objects of the turn that exist by now. */
function evidenceOf(cycle: CycleReply) {
  const { project } = cycle;
  const one = (name: string, kind: Parameters<typeof Evidence>[0]['refs'][number]['kind'], id: string | null) =>
    id === null ? [] : [[name, <Evidence key={name} project={project} refs={[{ kind, id }]} />] as const];
  const version = cycle.model !== null && cycle.version !== null ? `${cycle.model}/${cycle.version}` : null;
  return [
    ...cycle.training.flatMap((id, index) =>
      one(index === 0 ? 'Trained on' : `and ${index + 1}`, 'dataset-version', id),
    ),
    ...one('Rows to judge on', 'dataset-version', cycle.evaluation),
    ...one('Pipeline run', 'pipeline-run', cycle.pipelineRun),
    ...one('Candidate', 'model-version', version),
    ...one('Verdict', 'verdict', cycle.verdict),
    ...one('Rollout', 'rollout', cycle.rollout),
    ...one('Deployment', 'deployment', cycle.deployment),
  ];
}

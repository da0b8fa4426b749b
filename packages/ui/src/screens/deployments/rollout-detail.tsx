import { api, useNow, useRead } from '../../app/api.ts';
import type { Reply } from '../../app/replies.ts';
import { Decisions } from '../../design/decisions.tsx';
import { count, percent } from '../../design/format.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Empty, Quiet } from '../../design/page.tsx';
import type { Tone } from '../../design/state.tsx';
import { Stepper, type Step } from '../../design/stepper.tsx';
import { Time } from '../../design/time.tsx';
import { Timeline } from '../../design/timeline.tsx';
import { EvidenceChart } from './evidence-chart.tsx';
import { splitOf } from './routes.ts';

type RolloutFull = Reply<typeof api.deployments.rollout>;
type Judgement = RolloutFull['judgements'][number];

const SHOWN = 30;

/** Stages, the evidence as it stands, how it grew, and every judgement made on it. */
export function RolloutDetail({ id }: { id: string }) {
  const read = useRead(api.deployments.rollout, { params: { rollout: id } });
  return (
    <Loaded of={read}>
      {(rollout) => (
        <>
          <Stepper label="Stages of the rollout" steps={stepsOf(rollout)} />
          {rollout.guards ? <Evidence rollout={rollout} /> : <Unguarded rollout={rollout} />}
        </>
      )}
    </Loaded>
  );
}

/** It happens once a replica serves it, and nothing could stop it. */
function Unguarded({ rollout }: { rollout: RolloutFull }) {
  return (
    <>
      <p>
        <Quiet>
          {splitOf(rollout)
            ? 'A split by hand: nothing is judged, and it stays until somebody changes the share, gives the revision all or rolls back.'
            : 'Without guards: nothing is measured, the revision answers once every replica has loaded it.'}
        </Quiet>
      </p>
      {rollout.judgements.length > 0 && <Judgements judgements={rollout.judgements} />}
    </>
  );
}

function Evidence({ rollout }: { rollout: RolloutFull }) {
  return (
    <>
      <h3>Evidence as it stands</h3>
      {rollout.checks.length === 0 ? (
        <Empty title="Nothing was measured yet">
          Evidence comes with the predictions of this stage and their outcomes.
        </Empty>
      ) : (
        <Decisions
          caption="Evidence as it stands"
          decisions={rollout.checks.map((check) => ({ ...check, name: check.check.replaceAll('-', ' ') }))}
        />
      )}
      <EvidenceChart judgements={rollout.judgements} />
      <h3>Judgements</h3>
      <Judgements judgements={rollout.judgements} />
    </>
  );
}

function stepsOf(rollout: RolloutFull): Step[] {
  const isOver = rollout.state === 'promoted' || rollout.state === 'rolled-back';
  return rollout.plan.map((stage, index) => {
    const label =
      stage.kind === 'shadow' ? 'Shadow' : stage.kind === 'full' ? 'All traffic' : `Canary ${percent(stage.share)}`;
    const isPast = index < rollout.stage || rollout.state === 'promoted';
    const isHere = index === rollout.stage && rollout.state !== 'promoted';
    const [tone, word] = isPast
      ? (['success', 'passed'] as const)
      : isHere
        ? here(rollout)
        : (['unknown', stage.kind === 'shadow' ? `${count(stage.minPairs)} pairs` : 'to come'] as const);
    return { key: index, label, tone, word, isCurrent: isHere && !isOver };
  });
}

function here(rollout: RolloutFull): readonly [Tone, string] {
  if (rollout.state === 'rolled-back') return ['danger', 'rolled back here'];
  if (splitOf(rollout)) return ['attention', 'split by hand'];
  if (rollout.state === 'held') return ['attention', 'held'];
  return rollout.isLive ? ['working', 'gathering evidence'] : ['working', 'waits for a replica'];
}

const verdicts: Record<Judgement['verdict'], { readonly tone: Tone; readonly word: string }> = {
  continue: { tone: 'unknown', word: 'goes on looking' },
  advance: { tone: 'success', word: 'next stage' },
  promote: { tone: 'success', word: 'promoted' },
  'roll-back': { tone: 'danger', word: 'rolled back' },
  hold: { tone: 'attention', word: 'held' },
};

function Judgements({ judgements }: { judgements: readonly Judgement[] }) {
  const now = useNow();
  if (judgements.length === 0) return <Quiet>None yet.</Quiet>;
  const newest = judgements.toSorted((left, right) => right.at - left.at || right.evidenceSeq - left.evidenceSeq);
  return (
    <>
      <Timeline
        label="Judgements"
        entries={newest.slice(0, SHOWN).map((judgement) => ({
          key: `${judgement.stage} ${judgement.evidenceSeq} ${judgement.verdict}`,
          tone: verdicts[judgement.verdict].tone,
          word: verdicts[judgement.verdict].word,
          title: `${verdicts[judgement.verdict].word}: ${judgement.reason}`,
          when: <Time at={judgement.at} now={now} />,
        }))}
      />
      {newest.length > SHOWN && <Quiet>{`and ${newest.length - SHOWN} before`}</Quiet>}
    </>
  );
}

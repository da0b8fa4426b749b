import { Link, useParams } from '@tanstack/react-router';
import { api, refresh, useNow, useRead } from '../../app/api.ts';
import type { SweepReply } from '../../app/replies.ts';
import { Button } from '../../design/button.tsx';
import { Chart } from '../../design/chart.tsx';
import { Command, Id } from '../../design/copy.tsx';
import { duration, figure } from '../../design/format.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Columns, Facts, Page, Quiet, Section } from '../../design/page.tsx';
import { Time, Took } from '../../design/time.tsx';
import { ValueBars } from '../../design/value-bars.tsx';
import { useAction } from '../use-action.tsx';
import { SweepState } from './sweep-state.tsx';
import { historyOf, settingsOf, valueText } from './trial-facts.ts';
import { Trials } from './trials.tsx';

/** One search: the best found, how it came to it, every trial. */
export function Sweep() {
  const { sweep } = useParams({ from: '/sweeps/$sweep' });
  const read = useRead(api.sweeps.get, { params: { sweep } });
  const cancel = useAction(async () => {
    await api.sweeps.cancel({ params: { sweep } });
    await refresh();
  });
  const data = read.data;
  const isOpen = data?.state === 'queued' || data?.state === 'running';
  return (
    <Page
      title={data ? `Sweep ${data.number}` : 'Sweep'}
      state={data && <SweepState state={data.state} />}
      about={data?.reason}
      actions={
        isOpen && (
          <Button kind="danger" onClick={cancel.act} disabled={cancel.isBusy}>
            Cancel
          </Button>
        )
      }
    >
      {cancel.failure}
      <Loaded of={read}>
        {(found) => (
          <Columns aside={<Aside sweep={found} />}>
            <Best sweep={found} />
            <Chart
              title={`${found.metric.name} by trial`}
              unit={`${found.metric.goal}d`}
              data={historyOf(found)}
              empty="No trial has come to a value yet."
            />
            <Trials sweep={found} />
            <Importance sweep={found} />
          </Columns>
        )}
      </Loaded>
    </Page>
  );
}

function Best({ sweep: { best, metric } }: { sweep: SweepReply }) {
  if (best === null) return null;
  return (
    <Section
      title="Best"
      note={
        <>
          {`${metric.name} ${figure(best.value)}, `}
          {best.pipelineRun === null ? (
            `trial ${best.number}`
          ) : (
            <Link to="/pipeline-runs/$run" params={{ run: best.pipelineRun }}>{`trial ${best.number}`}</Link>
          )}
        </>
      }
    >
      <Command>{`capstan exp run ${settingsOf(best)}`}</Command>
    </Section>
  );
}

function Importance({ sweep: { importance, metric } }: { sweep: SweepReply }) {
  if (importance.length === 0) return null;
  return (
    <Section title="What goes with the metric" note={`over ${importance[0]?.n ?? 0} trials`}>
      <ValueBars
        title={`Parameters and ${metric.name}`}
        unit="from -1 to 1"
        range={[-1, 1]}
        bars={importance.map(({ param, value, kind }) => ({
          key: param,
          label: kind === 'rank-correlation' ? param : `${param} (share of variance)`,
          value,
          hue: value < 0 ? 1 : 0,
        }))}
      />
      <Quiet>
        Rank correlation; of words, the share of the variance of the ranks between them. It tells of single parameters,
        not of two that work together.
      </Quiet>
    </Section>
  );
}

function Aside({ sweep }: { sweep: SweepReply }) {
  const now = useNow();
  const { trials } = sweep;
  const counts = (['succeeded', 'running', 'waiting', 'stopped', 'failed', 'cancelled'] as const)
    .filter((state) => trials[state] > 0)
    .map((state) => `${trials[state]} ${state === 'stopped' ? 'stopped early' : state}`);
  return (
    <Facts
      items={[
        [
          'Project',
          <Link key="project" to="/projects/$project" params={{ project: sweep.project }}>
            {sweep.project}
          </Link>,
        ],
        ['Id', <Id key="id" value={sweep.id} isWhole />],
        ['Method', sweep.method],
        ['Metric', `${sweep.metric.goal} ${sweep.metric.name}`],
        ['Trials', counts.join(', ') || 'none'],
        ['At most', sweep.maxTrials],
        ['At once', sweep.parallel],
        [
          'Early stopping',
          sweep.earlyStopping === null
            ? 'off'
            : `median of ${sweep.earlyStopping.minTrials} or more, from step ${sweep.earlyStopping.warmUpSteps}`,
        ],
        ['Seed', sweep.seed],
        ['Time limit', sweep.timeLimitMs === null ? 'none' : duration(sweep.timeLimitMs)],
        ['By', sweep.actor],
        ['Began', <Time key="began" at={sweep.createdAt} now={now} />],
        [
          'Took',
          sweep.startedAt === null ? (
            'not begun'
          ) : (
            <Took key="took" from={sweep.startedAt} to={sweep.endedAt} now={now} />
          ),
        ],
        ...Object.entries(sweep.params).map(([param, axis]) => [param, axisText(axis)] as const),
      ]}
    />
  );
}

function axisText(axis: SweepReply['params'][string]): string {
  if (Array.isArray(axis)) return axis.map(valueText).join(', ');
  const step = axis.step === undefined ? '' : ` by ${figure(axis.step)}`;
  return `${axis.type} ${figure(axis.min)} to ${figure(axis.max)}${step}${axis.log ? ', log' : ''}`;
}

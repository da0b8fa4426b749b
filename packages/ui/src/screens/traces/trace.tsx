import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { api, useNow, useRead } from '../../app/api.ts';
import type { TraceReply } from '../../app/replies.ts';
import { Id } from '../../design/copy.tsx';
import { counted, duration } from '../../design/format.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Columns, Empty, Facts, Page, Section } from '../../design/page.tsx';
import { Table } from '../../design/table.tsx';
import { Time } from '../../design/time.tsx';
import { Waterfall } from '../../design/waterfall.tsx';
import { SpanDetail } from './span-detail.tsx';
import { stepsOf } from './steps.ts';
import { TraceState } from './trace-state.tsx';

/** One trace: its spans in time, what went in and out of each, and what was said of it. */
export function Trace() {
  const { trace } = useParams({ from: '/traces/$trace' });
  const search = useSearch({ from: '/traces/$trace' });
  const navigate = useNavigate({ from: '/traces/$trace' });
  const read = useRead(api.traces.get, { params: { trace } });
  const title = read.data?.name ?? 'Trace';
  return (
    <Page title={title} state={read.data && <TraceState status={read.data.status} />}>
      <Loaded of={read}>
        {(found) => {
          const steps = stepsOf(found.spans);
          const chosen = found.spans.find((span) => span.spanId === search.span) ?? found.spans[0];
          return (
            <Columns aside={<Aside trace={found} />}>
              <Section title="Spans" note={counted(found.spans.length, 'span')}>
                {chosen ? (
                  <>
                    <Waterfall
                      label="Spans in time"
                      steps={steps}
                      chosen={chosen.spanId}
                      onChoose={(span) => void navigate({ search: { span }, replace: true })}
                    />
                    <SpanDetail span={chosen} />
                  </>
                ) : (
                  <Empty title="No span is kept here">
                    An old client may keep them in the file traces.json of this trace.
                  </Empty>
                )}
              </Section>
              <Section title="Assessments">
                <Assessments trace={found} />
              </Section>
              <Section title="Tags">
                <Texts caption="Tags" texts={{ ...found.tags, ...found.metadata }} />
              </Section>
            </Columns>
          );
        }}
      </Loaded>
    </Page>
  );
}

function Assessments({ trace }: { trace: TraceReply }) {
  if (trace.assessments.length === 0) {
    return (
      <Empty title="Nobody has judged it">
        <code>{`mlflow.log_feedback(trace_id="${trace.id}", name="correct", value=True)`}</code>
      </Empty>
    );
  }
  return (
    <Table
      caption="Assessments"
      rows={trace.assessments}
      keyOf={(row) => row.id}
      columns={[
        { name: 'Name', sortBy: (row) => row.name, cell: (row) => (row.isValid ? row.name : <s>{row.name}</s>) },
        { name: 'Kind', cell: (row) => row.kind },
        { name: 'Value', cell: (row) => <code>{row.error ?? JSON.stringify(row.value)}</code> },
        { name: 'By', cell: (row) => row.sourceId ?? row.sourceType.toLowerCase().replace('_', ' ') },
        { name: 'Why', cell: (row) => row.rationale ?? '' },
      ]}
    />
  );
}

function Texts({ caption, texts }: { caption: string; texts: Readonly<Record<string, string>> }) {
  return (
    <Table
      caption={caption}
      rows={Object.entries(texts)}
      keyOf={([key]) => key}
      columns={[
        { name: 'Tag', cell: ([key]) => <code>{key}</code> },
        { name: 'Value', cell: ([, value]) => (value.length > 300 ? `${value.slice(0, 300)}…` : value) },
      ]}
    />
  );
}

function Aside({ trace }: { trace: TraceReply }) {
  const now = useNow();
  const experiment = useRead(api.experiments.get, { params: { experiment: trace.experimentId } }).data;
  const usage = trace.metadata['mlflow.trace.tokenUsage'];
  const session = trace.metadata['mlflow.trace.session'];
  return (
    <Facts
      items={[
        [
          'Experiment',
          <Link key="experiment" to="/experiments/$experiment/traces" params={{ experiment: trace.experimentId }}>
            {experiment?.name ?? trace.experimentId}
          </Link>,
        ],
        ['Id', <Id key="id" value={trace.id} isWhole />],
        ['Started', <Time key="start" at={trace.startedAt} now={now} />],
        ['Took', trace.durationMs === null ? 'not ended' : duration(trace.durationMs)],
        ...(usage === undefined ? [] : [['Tokens', tokensIn(usage)] as const]),
        ...(session === undefined ? [] : [['Session', session] as const]),
        ...trace.runs.map(
          (run) =>
            [
              'Run',
              <Link key={run} to="/runs/$run" params={{ run }}>
                <code>{run.slice(0, 12)}</code>
              </Link>,
            ] as const,
        ),
        ...(trace.prompts.length === 0 ? [] : [['Prompts', trace.prompts.join(', ')] as const]),
      ]}
    />
  );
}

/** The total where the client told it, else what it told. */
function tokensIn(json: string): string {
  return /"total_tokens":\s*(\d+)/.exec(json)?.[1] ?? json;
}

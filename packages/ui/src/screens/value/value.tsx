import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { api, useRead } from '../../app/api.ts';
import type { ValueReply } from '../../app/replies.ts';
import { Command } from '../../design/copy.tsx';
import { Choice } from '../../design/field.tsx';
import { Loaded } from '../../design/loaded.tsx';
import { Columns, Empty, Page, Section } from '../../design/page.tsx';
import { Budgets } from './budgets.tsx';
import { Total } from './total.tsx';
import { ValueCharts } from './value-charts.tsx';
import { ValueTable } from './value-table.tsx';

const groupings: readonly { readonly value: ValueReply['by']; readonly label: string }[] = [
  { value: 'month', label: 'month' },
  { value: 'week', label: 'week' },
  { value: 'day', label: 'day' },
  { value: 'version', label: 'model version' },
];

/** What the answers of a project were worth, against doing nothing clever, and how much of the loss budget is left. */
export function Value() {
  const { project } = useParams({ from: '/projects/$project/value' });
  const { by = 'month' } = useSearch({ from: '/projects/$project/value' });
  const navigate = useNavigate({ from: '/projects/$project/value' });
  const summary = useRead(api.value.summary, { params: { project }, query: { by } }, { isKept: true, isLive: false });
  return (
    <Page
      title="Value"
      about="Answers that callers were given, joined with what happened and priced by the charter, beside a constant that decides for them."
      actions={
        <Choice
          label="By"
          value={by}
          options={groupings}
          onChoose={(chosen) => void navigate({ search: { by: chosen } })}
        />
      }
    >
      <Loaded of={summary}>{(found) => <Summary summary={found} />}</Loaded>
    </Page>
  );
}

function Summary({ summary }: { summary: ValueReply }) {
  const { total, budgets, project } = summary;
  if (budgets.length === 0) {
    return (
      <Empty title="Nothing is deployed yet">
        <span>
          Value is counted on answers of a deployment. The first one comes from a cycle that promotes a version:
        </span>
        <Command>{`capstan cycles start ${project} --reason "first model"`}</Command>
      </Empty>
    );
  }
  if (total.labelled === 0) {
    return (
      <Columns aside={<Budgets summary={summary} />}>
        <NothingKnown deployment={budgets[0]?.deployment ?? ''} answered={total.answered} />
      </Columns>
    );
  }
  return (
    <>
      <Columns aside={<Budgets summary={summary} />}>
        <Total summary={summary} />
        <ValueCharts summary={summary} />
      </Columns>
      <Section title={summary.by === 'version' ? 'By model version' : `By ${summary.by}`}>
        <ValueTable summary={summary} />
      </Section>
    </>
  );
}

/** No outcome: how they are reported, ready to be copied. */
function NothingKnown({ deployment, answered }: { deployment: string; answered: number }) {
  const body = JSON.stringify({ outcomes: [{ id: `${deployment}:example-1`, label: 1 }] });
  const url = `${location.origin}/api/v1/deployments/${deployment}/outcomes`;
  return answered === 0 ? (
    <Empty title="No answer is logged yet">
      <span>
        Send requests to the data plane; the tab “Try it” of{' '}
        <Link to="/deployments/$deployment" params={{ deployment }}>
          {deployment}
        </Link>{' '}
        has one ready.
      </span>
    </Empty>
  ) : (
    <Empty title={`${answered.toLocaleString('en')} answers, and no outcome is known yet`}>
      <span>
        An answer is worth something once it is known what happened. Report it with the id that the answer carried:
      </span>
      <Command>{`curl ${url} \\\n  -H 'content-type: application/json' \\\n  -d '${body}'`}</Command>
    </Empty>
  );
}

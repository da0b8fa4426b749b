import { Link } from '@tanstack/react-router';
import { api, useNow, useRead } from '../../app/api.ts';
import type { DeploymentReply, PredictionReply } from '../../app/replies.ts';
import { figure, money } from '../../design/format.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Empty } from '../../design/page.tsx';
import { Table, type Column } from '../../design/table.tsx';
import { Time } from '../../design/time.tsx';

const SHOWN = 100;

/** The newest answers, each with what came of it. */
export function Predictions({ deployment }: { deployment: DeploymentReply }) {
  const now = useNow();
  const list = useRead(api.predictions.list, { params: { deployment: deployment.name }, query: { limit: SHOWN } });
  const currency =
    useRead(
      api.projects.get,
      { params: { project: deployment.project ?? '' } },
      { isEnabled: deployment.project !== null },
    ).data?.declaration.charter.value.currency ?? 'USD';
  return (
    <Loaded of={list}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty title="No prediction was logged yet">
            Send a request to the data plane; the tab “Try it” has one ready.
          </Empty>
        ) : (
          <Table
            caption="Predictions"
            rows={items}
            keyOf={(row) => `${row.id} ${row.role}`}
            columns={[
              ...columnsOf(deployment, items, currency),
              { name: 'Answered', cell: (row) => <Time at={row.predictedAt} now={now} /> },
            ]}
          />
        )
      }
    </Loaded>
  );
}

/** What came of an answer is known of declared deployments only, a probability of models that give one. */
function columnsOf(
  { project }: DeploymentReply,
  items: readonly PredictionReply[],
  currency: string,
): readonly Column<PredictionReply>[] {
  const hasProbability = items.some((row) => row.probability !== undefined);
  return [
    ...common,
    ...(hasProbability ? [probability] : []),
    ...(project === null ? [failure] : judged(currency)),
    took,
  ];
}

const common: readonly Column<PredictionReply>[] = [
  {
    name: 'Prediction',
    cell: (row) => (
      <Link to="/predictions/$prediction" params={{ prediction: row.id }}>
        {row.exampleId}
      </Link>
    ),
  },
  { name: 'Role', isWhole: true, sortBy: (row) => row.role, cell: (row) => row.role },
  {
    name: 'Version',
    isNumber: true,
    cell: (row) => (row.modelVersion === 0 ? 'baseline' : `v${row.modelVersion}`),
  },
];

const probability: Column<PredictionReply> = {
  name: 'Probability',
  isNumber: true,
  sortBy: (row) => row.probability,
  cell: (row) => figure(row.probability),
};

const failure: Column<PredictionReply> = { name: 'Failed', cell: (row) => row.error ?? '' };

function judged(currency: string): readonly Column<PredictionReply>[] {
  return [
    {
      name: 'Decided',
      cell: (row) => row.error ?? (row.decision === undefined ? '' : row.decision ? 'yes' : 'no'),
    },
    {
      name: 'Outcome',
      cell: (row) => (row.label === undefined ? 'not known yet' : row.label === 1 ? 'happened' : 'did not'),
    },
    {
      name: 'Log loss',
      isNumber: true,
      sortBy: (row) => row.loss,
      cell: (row) => (row.loss === undefined ? '' : figure(row.loss)),
    },
    {
      name: 'Value',
      isNumber: true,
      sortBy: (row) => row.value,
      cell: (row) => (row.value === undefined ? '' : money(row.value, currency, true)),
    },
  ];
}

const took: Column<PredictionReply> = {
  name: 'Took',
  isNumber: true,
  sortBy: (row) => row.latencyUs,
  cell: (row) => `${figure(row.latencyUs / 1_000)} ms`,
};

import { api, useRead } from '../../app/api.ts';
import { count, figure, money, percent } from '../../design/format.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Empty, Quiet } from '../../design/page.tsx';
import { Table } from '../../design/table.tsx';

/** Every answer so far, by the revision that gave it and in which role: how many, how wrong, what they were worth. */
export function Performance({ deployment, project }: { deployment: string; project: string }) {
  const performance = useRead(api.predictions.performance, { params: { deployment }, query: {} });
  const currency = useRead(api.projects.get, { params: { project } }).data?.declaration.charter.value.currency ?? 'USD';
  return (
    <Loaded of={performance}>
      {({ rows, pendingOutcomes }) =>
        rows.length === 0 ? (
          <Empty title="No prediction was logged yet">
            Send a request to the data plane; the tab “Try it” has one ready.
          </Empty>
        ) : (
          <>
            <Table
              caption="Answers by revision and role"
              rows={rows}
              keyOf={(row) => `${row.revision} ${row.role}`}
              columns={[
                { name: 'Revision', isNumber: true, sortBy: (row) => row.revision, cell: (row) => row.revision },
                {
                  name: 'Version',
                  isWhole: true,
                  cell: (row) => (row.modelVersion === 0 ? 'baseline' : `v${row.modelVersion}`),
                },
                { name: 'Role', isWhole: true, cell: (row) => row.role },
                {
                  name: 'Answers',
                  isNumber: true,
                  sortBy: (row) => row.predictions,
                  cell: (row) => count(row.predictions),
                },
                { name: 'Errors', isNumber: true, cell: (row) => count(row.errors) },
                { name: 'Outcomes', isNumber: true, cell: (row) => count(row.labelled) },
                {
                  name: 'Positive',
                  isNumber: true,
                  cell: (row) => (row.labelled === 0 ? '' : percent(row.positives / row.labelled)),
                },
                { name: 'Log loss', isNumber: true, cell: (row) => figure(row.meanLoss) },
                { name: 'Model alone', isNumber: true, cell: (row) => figure(row.meanModelLoss) },
                {
                  name: 'Value',
                  isNumber: true,
                  cell: (row) => (row.value === undefined ? '–' : money(row.value, currency, true)),
                },
                {
                  name: 'Baseline',
                  isNumber: true,
                  cell: (row) => (row.baselineValue === undefined ? '–' : money(row.baselineValue, currency, true)),
                },
              ]}
            />
            {pendingOutcomes > 0 && <Quiet>{`${count(pendingOutcomes)} outcomes wait for their prediction.`}</Quiet>}
          </>
        )
      }
    </Loaded>
  );
}

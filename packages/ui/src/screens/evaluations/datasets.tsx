import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { api, useNow } from '../../app/api.ts';
import { useReadPages } from '../../app/read-pages.ts';
import type { EvaluationDatasetSummary } from '../../app/replies.ts';
import { Command } from '../../design/copy.tsx';
import { SearchField } from '../../design/field.tsx';
import { count } from '../../design/format.ts';
import { Grid, type GridColumn } from '../../design/grid.tsx';
import { Empty, Page, Row } from '../../design/page.tsx';
import { Failure } from '../../design/problem.tsx';
import { Badge } from '../../design/state.tsx';
import { Time } from '../../design/time.tsx';
import { ExperimentLinks } from './experiment-links.tsx';
import { tagsOfPeople } from './tags.ts';

const PAGE_ROWS = 100;
const DEFAULT_SORT = 'created_time DESC';

/** Evaluation datasets, of an experiment or all: filter and order are in the address. */
export function EvaluationDatasets() {
  const search = useSearch({ from: '/evaluation-datasets' });
  const navigate = useNavigate({ from: '/evaluation-datasets' });
  const now = useNow();
  const sort = search.sort ?? DEFAULT_SORT;
  const { rows, error, isReady, onNearEnd } = useReadPages(
    ['evaluation-datasets', search.experiment, search.filter, sort],
    (cursor, signal) =>
      api.evaluations.listDatasets(
        {
          query: {
            orderBy: sort,
            limit: PAGE_ROWS,
            ...(search.experiment !== undefined && { experiment: search.experiment }),
            ...(search.filter !== undefined && { filter: search.filter }),
            ...(cursor !== undefined && { cursor }),
          },
        },
        signal,
      ),
  );
  const onSort = (field: string): void => {
    const next = sort === `${field} DESC` ? `${field} ASC` : `${field} DESC`;
    void navigate({ search: { ...search, sort: next }, replace: true });
  };
  return (
    <Page
      isFull
      title="Evaluation datasets"
      about={search.experiment === undefined ? WHAT : <OfExperiment experiment={search.experiment} />}
    >
      <Row>
        <SearchField
          label="Filter evaluation datasets"
          placeholder="name LIKE '%support%' and tags.team = 'ops'"
          value={search.filter ?? ''}
          isWrong={error !== null}
          onSearch={(filter) => {
            const { filter: _, ...rest } = search;
            void navigate({ search: filter === '' ? rest : { ...rest, filter } });
          }}
        />
      </Row>
      {error && <Failure error={error} />}
      {isReady && rows.length === 0 ? (
        <NoDatasets isFiltered={search.filter !== undefined} experiment={search.experiment} />
      ) : (
        <Grid
          caption="Evaluation datasets"
          {...columnsOf(sort, onSort)}
          rows={rows.length}
          keyOf={(row) => rows[row]?.id ?? String(row)}
          cell={(row, column, tabIndex) => {
            const dataset = rows[row];
            return dataset && <Cell dataset={dataset} column={column} now={now} tabIndex={tabIndex} />;
          }}
          onNearEnd={onNearEnd}
          isReady={isReady}
        />
      )}
    </Page>
  );
}

const WHAT = 'Inputs with what is expected of an application, to judge its answers by.';

function OfExperiment({ experiment }: { experiment: string }) {
  return (
    <>
      Linked to <ExperimentLinks ids={[experiment]} /> · <Link to="/evaluation-datasets">show all</Link>
    </>
  );
}

function NoDatasets({ isFiltered, experiment }: { isFiltered: boolean; experiment: string | undefined }) {
  if (isFiltered) return <Empty title="No evaluation dataset meets this filter">Change or clear it above.</Empty>;
  const place = experiment === undefined ? '' : `, experiment_id="${experiment}"`;
  return (
    <Empty title="No evaluation dataset yet">
      <span>A script that uses mlflow.genai makes one, from examples or from traces:</span>
      <Command>{`import mlflow\nmlflow.set_tracking_uri("${location.origin}")\ndataset = mlflow.genai.datasets.create_dataset(name="questions"${place})\ndataset.merge_records([{"inputs": {"question": "Why?"}, "expectations": {"answer": "42"}}])`}</Command>
    </Empty>
  );
}

/** The name, which stays in place, and the columns that scroll. */
function columnsOf(sort: string, onSort: (field: string) => void): { pinned: GridColumn[]; columns: GridColumn[] } {
  const direction = sort.endsWith('DESC') ? 'descending' : 'ascending';
  const sortable = (field: string) => ({
    sort: sort.startsWith(`${field} `) ? ({ direction } as const) : undefined,
    onSort: () => onSort(field),
  });
  return {
    pinned: [{ id: 'name', name: 'Dataset', widthPx: 260, ...sortable('name') }],
    columns: [
      { id: 'records', name: 'Records', widthPx: 100, isNumber: true },
      { id: 'experiments', name: 'Experiments', widthPx: 260 },
      { id: 'tags', name: 'Tags', widthPx: 260 },
      { id: 'by', name: 'Made by', widthPx: 140 },
      { id: 'created', name: 'Created', widthPx: 140, ...sortable('created_time') },
      { id: 'changed', name: 'Changed', widthPx: 140, ...sortable('last_update_time') },
    ],
  };
}

function Cell({ dataset, column, now, tabIndex }: CellProps): ReactNode {
  switch (column) {
    case 'name':
      return (
        <Link to="/evaluation-datasets/$dataset" params={{ dataset: dataset.id }} tabIndex={tabIndex}>
          {dataset.name}
        </Link>
      );
    case 'records':
      return count(dataset.recordCount);
    case 'experiments':
      return <ExperimentLinks ids={dataset.experimentIds} tabIndex={tabIndex} />;
    case 'tags':
      return tagsOfPeople(dataset.tags).map(([key, value]) => <Badge key={key}>{`${key}: ${value}`}</Badge>);
    case 'by':
      return dataset.createdBy ?? '';
    case 'created':
      return <Time at={dataset.createdAt} now={now} />;
    default:
      return <Time at={dataset.updatedAt} now={now} />;
  }
}

interface CellProps {
  readonly dataset: EvaluationDatasetSummary;
  readonly column: string;
  readonly now: number;
  readonly tabIndex: number;
}

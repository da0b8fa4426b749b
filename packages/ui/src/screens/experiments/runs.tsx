import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';
import { api, useNow, useRead } from '../../app/api.ts';
import type { RunSummary } from '../../app/replies.ts';
import { ColumnPicker } from '../../design/column-picker.tsx';
import { Command } from '../../design/copy.tsx';
import { Choice, SearchField } from '../../design/field.tsx';
import { counted, figure } from '../../design/format.ts';
import { Empty, Page, Quiet, Row } from '../../design/page.tsx';
import { Failure } from '../../design/problem.tsx';
import { Time, Took } from '../../design/time.tsx';
import { VirtualTable, type VirtualColumn } from '../../design/virtual-table.tsx';

import { RunState } from './run-state.tsx';

const PAGE_ROWS = 200;
/** Columns shown before anybody chose, of metrics and of params. */
const FIRST_COLUMNS = 5;
const DEFAULT_SORT = 'attributes.start_time DESC';

/** The runs of an experiment: filter, order and columns are in the address. */
export function Runs() {
  const { experiment } = useParams({ from: '/experiments/$experiment' });
  const search = useSearch({ from: '/experiments/$experiment' });
  const navigate = useNavigate({ from: '/experiments/$experiment' });
  const now = useNow();
  const described = useRead(api.experiments.get, { params: { experiment } });
  const keys = useRead(api.experiments.keys, { params: { experiment } });
  const sort = search.sort ?? DEFAULT_SORT;
  const view: 'active' | 'deleted' = search.view ?? 'active';
  const available = useMemo(() => (keys.data ? allColumns(keys.data) : []), [keys.data]);
  const columns = search.columns ?? firstColumns(available);
  const asked = { experimentIds: [experiment], view, ...(search.filter !== undefined && { filter: search.filter }) };
  const count = useRead(api.experiments.countRuns, { body: asked });
  const runs = useInfiniteQuery({
    queryKey: ['runs', asked, sort, columns],
    queryFn: ({ pageParam, signal }) =>
      api.experiments.searchRuns(
        {
          body: {
            ...asked,
            orderBy: [sort],
            metrics: columns.filter((column) => column.startsWith('metrics.')).map(keyOf),
            params: columns.filter((column) => column.startsWith('params.')).map(keyOf),
            limit: PAGE_ROWS,
            ...(pageParam !== '' && { cursor: pageParam }),
          },
        },
        signal,
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.nextCursor,
    enabled: keys.data !== undefined,
    retry: false,
    placeholderData: (before) => before,
  });
  const rows = useMemo(() => runs.data?.pages.flatMap((page) => page.items) ?? [], [runs.data]);
  const { hasNextPage, isFetching, fetchNextPage } = runs;
  const onNearEnd = useCallback(() => {
    if (hasNextPage && !isFetching) void fetchNextPage();
  }, [hasNextPage, isFetching, fetchNextPage]);
  const onSort = (field: string): void => {
    const next = sort === `${field} DESC` ? `${field} ASC` : `${field} DESC`;
    void navigate({ search: { ...search, sort: next }, replace: true });
  };
  return (
    <Page
      title={described.data?.name ?? 'Runs'}
      state={count.data && <Quiet>{counted(count.data.count, 'run')}</Quiet>}
      actions={
        <Link to="/experiments/$experiment/traces" params={{ experiment }} search={{}}>
          Traces
        </Link>
      }
    >
      {described.error && <Failure error={described.error} />}
      <Row>
        <SearchField
          label="Filter runs"
          placeholder="metrics.log_loss < 0.55 and params.kind = 'trees'"
          value={search.filter ?? ''}
          isWrong={runs.error !== null}
          onSearch={(filter) => {
            const { filter: _, ...rest } = search;
            void navigate({ search: filter === '' ? rest : { ...rest, filter } });
          }}
        />
        <Choice
          label="Show"
          value={view}
          options={[
            { value: 'active', label: 'active' },
            { value: 'deleted', label: 'deleted' },
          ]}
          onChoose={(chosen) => {
            const { view: _, ...rest } = search;
            void navigate({ search: chosen === 'deleted' ? { ...rest, view: chosen } : rest });
          }}
        />
        <ColumnPicker
          available={available}
          chosen={columns}
          onChoose={(chosen) => void navigate({ search: { ...search, columns: [...chosen] }, replace: true })}
        />
      </Row>
      {runs.error && <Failure error={runs.error} />}
      {runs.data && rows.length === 0 ? (
        <NoRuns isFiltered={search.filter !== undefined} name={described.data?.name ?? ''} />
      ) : (
        <VirtualTable
          caption="Runs"
          columns={tableColumns({ columns, sort, now, onSort })}
          rows={rows}
          total={count.data?.count}
          keyOf={(row) => row.id}
          onNearEnd={onNearEnd}
        />
      )}
    </Page>
  );
}

function NoRuns({ isFiltered, name }: { isFiltered: boolean; name: string }) {
  if (isFiltered) return <Empty title="No run meets this filter">Change or clear it above.</Empty>;
  return (
    <Empty title="No run yet">
      <span>From a script that uses mlflow:</span>
      <Command>{`export MLFLOW_TRACKING_URI=${location.origin}\nexport MLFLOW_EXPERIMENT_NAME=${name}\npython train.py`}</Command>
    </Empty>
  );
}

const keyOf = (column: string): string => column.slice(column.indexOf('.') + 1);

function allColumns(keys: { metrics: readonly string[]; params: readonly string[] }): string[] {
  return [...keys.metrics.map((key) => `metrics.${key}`), ...keys.params.map((key) => `params.${key}`)];
}

function firstColumns(available: readonly string[]): string[] {
  const first = (prefix: string): string[] =>
    available.filter((column) => column.startsWith(prefix)).slice(0, FIRST_COLUMNS);
  return [...first('metrics.'), ...first('params.')];
}

/** A key as MLflow's search language takes it: in back-quotes where it is no plain word. */
function fieldOf(column: string): string {
  const key = keyOf(column);
  const part = column.slice(0, column.indexOf('.'));
  return /^\w+$/.test(key) ? column : `${part}.\`${key}\``;
}

interface Given {
  readonly columns: readonly string[];
  readonly sort: string;
  readonly now: number;
  onSort(field: string): void;
}

function tableColumns({ columns, sort, now, onSort }: Given): VirtualColumn<RunSummary>[] {
  const sorted = (field: string) => ({
    sort:
      sort === `${field} DESC` ? ('descending' as const) : sort === `${field} ASC` ? ('ascending' as const) : undefined,
    onSort: () => onSort(field),
  });
  return [
    {
      id: 'name',
      name: 'Run',
      widthPx: 220,
      ...sorted('attributes.run_name'),
      cell: (row) => (
        <Link to="/runs/$run" params={{ run: row.id }}>
          {row.name || row.id}
        </Link>
      ),
    },
    { id: 'status', name: 'State', widthPx: 120, cell: (row) => <RunState run={row} now={now} /> },
    {
      id: 'start',
      name: 'Started',
      widthPx: 130,
      ...sorted('attributes.start_time'),
      cell: (row) => <Time at={row.startTime} now={now} />,
    },
    {
      id: 'took',
      name: 'Took',
      widthPx: 110,
      isNumber: true,
      cell: (row) => <Took from={row.startTime} to={row.endTime} now={now} />,
    },
    ...columns.map((column): VirtualColumn<RunSummary> => {
      const key = keyOf(column);
      const isMetric = column.startsWith('metrics.');
      return {
        id: column,
        name: key,
        widthPx: Math.min(260, Math.max(100, key.length * 8 + 40)),
        isNumber: isMetric,
        ...sorted(fieldOf(column)),
        cell: (row) => (isMetric ? figure(row.metrics[key]?.value) : (row.params[key] ?? '')),
      };
    }),
    { id: 'user', name: 'By', widthPx: 120, cell: (row) => row.user },
  ];
}

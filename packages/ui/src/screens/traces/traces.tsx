import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { api, useNow, useRead } from '../../app/api.ts';
import { useReadPages } from '../../app/read-pages.ts';
import type { TraceSummary } from '../../app/replies.ts';
import { Command } from '../../design/copy.tsx';
import { SearchField } from '../../design/field.tsx';
import { duration } from '../../design/format.ts';
import { Grid, type GridColumn } from '../../design/grid.tsx';
import { Empty, Page, Row } from '../../design/page.tsx';
import { Failure } from '../../design/problem.tsx';
import { Time } from '../../design/time.tsx';
import { TraceState } from './trace-state.tsx';

const PAGE_ROWS = 100;
const DEFAULT_SORT = 'timestamp_ms DESC';

/** Traces of an experiment: filter and order are in the address. */
export function Traces() {
  const { experiment } = useParams({ from: '/experiments/$experiment/traces' });
  const search = useSearch({ from: '/experiments/$experiment/traces' });
  const navigate = useNavigate({ from: '/experiments/$experiment/traces' });
  const now = useNow();
  const described = useRead(api.experiments.get, { params: { experiment } });
  const sort = search.sort ?? DEFAULT_SORT;
  const { rows, error, isReady, onNearEnd } = useReadPages(
    ['traces', experiment, search.filter, sort],
    (cursor, signal) =>
      api.traces.list(
        {
          params: { experiment },
          query: {
            orderBy: sort,
            limit: PAGE_ROWS,
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
      title="Traces"
      about={
        <>
          Requests through applications that log to{' '}
          <Link to="/experiments/$experiment" params={{ experiment }}>
            {described.data?.name ?? experiment}
          </Link>
        </>
      }
    >
      {described.error && <Failure error={described.error} />}
      <Row>
        <SearchField
          label="Filter traces"
          placeholder="status = 'ERROR' and span.name LIKE '%search%'"
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
        <NoTraces isFiltered={search.filter !== undefined} name={described.data?.name ?? ''} />
      ) : (
        <Grid
          caption="Traces"
          {...columnsOf(sort, onSort)}
          rows={rows.length}
          keyOf={(row) => rows[row]?.id ?? String(row)}
          cell={(row, column, tabIndex) => {
            const trace = rows[row];
            return trace && <Cell trace={trace} column={column} now={now} tabIndex={tabIndex} />;
          }}
          onNearEnd={onNearEnd}
          isReady={isReady}
        />
      )}
    </Page>
  );
}

function NoTraces({ isFiltered, name }: { isFiltered: boolean; name: string }) {
  if (isFiltered) return <Empty title="No trace meets this filter">Change or clear it above.</Empty>;
  return (
    <Empty title="No trace yet">
      <span>From an application that uses mlflow, with @mlflow.trace on its functions:</span>
      <Command>{`export MLFLOW_TRACKING_URI=${location.origin}\nexport MLFLOW_EXPERIMENT_NAME=${name}\npython app.py`}</Command>
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
    pinned: [{ id: 'name', name: 'Trace', widthPx: 220, ...sortable('name') }],
    columns: [
      { id: 'status', name: 'State', widthPx: 120, ...sortable('status') },
      { id: 'started', name: 'Started', widthPx: 140, ...sortable('timestamp_ms') },
      { id: 'took', name: 'Took', widthPx: 100, isNumber: true, ...sortable('execution_time_ms') },
      { id: 'assessed', name: 'Assessed', widthPx: 200 },
      { id: 'request', name: 'Request', widthPx: 320 },
      { id: 'response', name: 'Response', widthPx: 320 },
    ],
  };
}

function Cell({ trace, column, now, tabIndex }: CellProps): ReactNode {
  switch (column) {
    case 'name':
      return (
        <Link to="/traces/$trace" params={{ trace: trace.id }} tabIndex={tabIndex}>
          {trace.name ?? trace.id}
        </Link>
      );
    case 'status':
      return <TraceState status={trace.status} />;
    case 'started':
      return <Time at={trace.startedAt} now={now} />;
    case 'took':
      return trace.durationMs === null ? '' : duration(trace.durationMs);
    case 'assessed':
      return assessedWords(trace.assessments);
    case 'request':
      return trace.requestPreview ?? '';
    default:
      return trace.responsePreview ?? '';
  }
}

interface CellProps {
  readonly trace: TraceSummary;
  readonly column: string;
  readonly now: number;
  readonly tabIndex: number;
}

/** What counts of what was said. */
function assessedWords(assessments: TraceSummary['assessments']): string {
  return assessments
    .filter((assessment) => assessment.isValid && assessment.kind === 'feedback')
    .map(({ name, value, error }) => `${name}: ${error === null ? JSON.stringify(value) : 'failed'}`)
    .join(', ');
}

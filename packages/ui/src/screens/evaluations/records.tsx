import { Link, useSearch } from '@tanstack/react-router';
import { useMemo, type ReactNode } from 'react';
import { api, useNow } from '../../app/api.ts';
import { useReadPages } from '../../app/read-pages.ts';
import type { EvaluationDatasetReply, EvaluationRecord } from '../../app/replies.ts';
import { Grid, type GridColumn } from '../../design/grid.tsx';
import { Failure } from '../../design/problem.tsx';
import { Stack } from '../../design/page.tsx';
import { Time } from '../../design/time.tsx';
import { fieldsOf, parts, plain, sourceWords } from './fields.ts';
import { RecordDetail } from './record-detail.tsx';
import css from './records.module.css';

const PAGE_ROWS = 200;
/** So many have room for long texts. */
const FEW_FIELDS = 3;

/** The records of a dataset, a column for each field of inputs and expectations, and the one that is open. */
export function Records({ dataset }: { dataset: EvaluationDatasetReply }) {
  const search = useSearch({ from: '/evaluation-datasets/$dataset' });
  const now = useNow();
  const { rows, error, isReady, onNearEnd } = useReadPages(
    // The digest changes with the records.
    ['evaluation-records', dataset.id, dataset.digest],
    (cursor, signal) =>
      api.evaluations.records(
        { params: { dataset: dataset.id }, query: { limit: PAGE_ROWS, ...(cursor !== undefined && { cursor }) } },
        signal,
      ),
    { isLive: false },
  );
  const columns = useMemo(() => columnsOf(dataset.schema), [dataset.schema]);
  const chosen = rows.find((row) => row.id === search.record) ?? rows[0];
  return (
    <Stack>
      {error && <Failure error={error} />}
      <div className={css['records']}>
        <Grid
          caption="Records"
          pinned={pinned}
          columns={columns}
          rows={rows.length}
          total={dataset.recordCount}
          keyOf={(row) => rows[row]?.id ?? String(row)}
          cell={(row, column, tabIndex) => {
            const record = rows[row];
            return record && <Cell record={record} row={row} column={column} now={now} tabIndex={tabIndex} />;
          }}
          isChosen={(row) => rows[row]?.id === chosen?.id}
          onNearEnd={onNearEnd}
          isReady={isReady}
        />
      </div>
      {chosen && <RecordDetail record={chosen} />}
    </Stack>
  );
}

const pinned: GridColumn[] = [{ id: 'number', name: 'Record', widthPx: 80 }];

function columnsOf(schema: string | null): GridColumn[] {
  const fields = fieldsOf(schema);
  const widthPx = fields.inputs.length + fields.expectations.length > FEW_FIELDS ? 160 : 240;
  return [
    ...parts.flatMap((part) =>
      fields[part].map((field) => ({ id: `${part}.${field}`, prefix: part, name: field, widthPx })),
    ),
    { id: 'outputs', name: 'Outputs', widthPx: 180 },
    { id: 'tags', name: 'Tags', widthPx: 180 },
    { id: 'source', name: 'From', widthPx: 140 },
    { id: 'changed', name: 'Changed', widthPx: 120 },
  ];
}

function Cell({ record, row, column, now, tabIndex }: CellProps): ReactNode {
  switch (column) {
    case 'number':
      return (
        <Link
          to="/evaluation-datasets/$dataset"
          params={(known) => ({ dataset: known.dataset ?? '' })}
          search={{ record: record.id }}
          replace
          resetScroll={false}
          tabIndex={tabIndex}
          aria-label={`Record ${row + 1}`}
        >
          {row + 1}
        </Link>
      );
    case 'outputs':
      return record.outputs === '{}' ? '' : plain(record.outputs ?? '');
    case 'tags':
      return Object.entries(record.tags)
        .filter(([key]) => key !== 'mlflow.user')
        .map(([key, value]) => `${key}: ${plain(value)}`)
        .join(', ');
    case 'source':
      return record.sourceType === 'TRACE' && record.sourceId !== null ? (
        <Link to="/traces/$trace" params={{ trace: record.sourceId }} tabIndex={tabIndex}>
          a trace
        </Link>
      ) : (
        sourceWords(record)
      );
    case 'changed':
      return <Time at={record.updatedAt} now={now} />;
    default: {
      const part = parts.find((known) => column.startsWith(`${known}.`)) ?? 'inputs';
      return plain(record[part]?.[column.slice(part.length + 1)]);
    }
  }
}

interface CellProps {
  readonly record: EvaluationRecord;
  readonly row: number;
  readonly column: string;
  readonly now: number;
  readonly tabIndex: number;
}

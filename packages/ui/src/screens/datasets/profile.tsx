import type { ColumnProfile, DatasetProfile } from '../../app/replies.ts';
import { count, figure, percent } from '../../design/format.ts';
import { Quiet } from '../../design/page.tsx';
import { SparkBars } from '../../design/spark-bars.tsx';
import { Table } from '../../design/table.tsx';

/** Each column: what is missing, how it is spread. */
export function Profile({ profile }: { profile: DatasetProfile }) {
  return (
    <>
      <p>
        <Quiet>
          {`Over ${count(profile.rows)} rows${profile.isExact ? '' : '; distinct counts and quantiles are estimates'}.`}
        </Quiet>
      </p>
      <Table
        caption="Columns"
        rows={profile.columns}
        keyOf={(row) => row.name}
        columns={[
          { name: 'Column', sortBy: (row) => row.name, cell: (row) => <code>{row.name}</code> },
          { name: 'Type', sortBy: (row) => row.type, cell: (row) => row.type },
          {
            name: 'Missing',
            isNumber: true,
            sortBy: (row) => row.missing,
            cell: (row) => (row.missing === 0 ? '0' : percent(row.missing / Math.max(1, profile.rows))),
          },
          { name: 'Distinct', isNumber: true, sortBy: (row) => row.distinct, cell: (row) => count(row.distinct) },
          { name: 'Spread', cell: (row) => <Spread column={row} /> },
          { name: 'Mean', isNumber: true, cell: (row) => (row.mean === null ? '' : figure(row.mean)) },
          { name: 'Min', isNumber: true, cell: (row) => shown(row.min) },
          { name: 'Median', isNumber: true, cell: (row) => (row.quantiles ? figure(row.quantiles[3]) : '') },
          { name: 'Max', isNumber: true, cell: (row) => shown(row.max) },
        ]}
      />
    </>
  );
}

function Spread({ column }: { column: ColumnProfile }) {
  if (column.histogram) {
    return (
      <SparkBars
        counts={column.histogram.counts}
        label={`Histogram of ${column.name}, from ${shown(column.min)} to ${shown(column.max)}`}
      />
    );
  }
  if (column.top)
    return (
      <Quiet>
        {column.top
          .slice(0, 4)
          .map((value) => `${shown(value.value)} ${count(value.count)}`)
          .join(', ')}
      </Quiet>
    );
  return null;
}

function shown(value: ColumnProfile['min']): string {
  if (value === null) return '';
  if (typeof value === 'number') return figure(value);
  return String(value)
    .replace('T', ' ')
    .replace(/:00(\.0+)?Z$/, '');
}

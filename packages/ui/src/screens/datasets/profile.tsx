import type { ColumnProfile, DatasetProfile } from '../../app/replies.ts';
import { count, figure, percent } from '../../design/format.ts';
import { Quiet, Section } from '../../design/page.tsx';
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
          { name: 'Column', isWhole: true, sortBy: (row) => row.name, cell: (row) => <code>{row.name}</code> },
          { name: 'Type', isWhole: true, sortBy: (row) => row.type, cell: (row) => row.type },
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
      {profile.correlations && <Correlations correlations={profile.correlations} rows={profile.rows} />}
    </>
  );
}

function Correlations(props: { correlations: NonNullable<DatasetProfile['correlations']>; rows: number }) {
  const { pairs, everyRow, columns } = props.correlations;
  if (columns.length < 2) return null;
  const sample = everyRow === 1 ? '' : `, over one row in ${everyRow}`;
  return (
    <Section
      title="Numbers that go together"
      note={`Pearson's r of 0.1 or more, of ${columns.length} columns${sample}`}
    >
      {pairs.length === 0 ? (
        <Quiet>none</Quiet>
      ) : (
        <Table
          caption="Numbers that go together"
          rows={pairs.slice(0, MOST_PAIRS)}
          keyOf={(row) => row.columns.join(' ')}
          columns={[
            { name: 'Column', cell: (row) => <code>{row.columns[0]}</code> },
            { name: 'With', cell: (row) => <code>{row.columns[1]}</code> },
            { name: 'r', isNumber: true, sortBy: (row) => row.r, cell: (row) => figure(row.r) },
            { name: 'Rows', isNumber: true, cell: (row) => count(row.n) },
          ]}
        />
      )}
    </Section>
  );
}

const MOST_PAIRS = 12;

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

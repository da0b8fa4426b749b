import { Link } from '@tanstack/react-router';
import { api, useRead } from '../../app/api.ts';
import type { DatasetDiffReply, DatasetVersionReply } from '../../app/replies.ts';
import { Choice } from '../../design/field.tsx';
import { count, counted, figure, percent } from '../../design/format.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Empty, Facts, Quiet, Section, Stack } from '../../design/page.tsx';
import { PairedBars, PairedLegend } from '../../design/paired-bars.tsx';
import { Table } from '../../design/table.tsx';

const CHOICES = 100;

/** What changed since another version of the dataset. */
export function Changes(props: {
  version: DatasetVersionReply;
  since: string | undefined;
  onChoose(id: string): void;
}) {
  const { project, dataset, number, id } = props.version;
  const versions = useRead(api.datasets.versions, { params: { project, dataset }, query: { limit: CHOICES } });
  return (
    <Loaded of={versions}>
      {({ items }) => {
        const others = items.filter((item) => item.id !== id && item.status !== 'pending');
        const before = others.find((item) => item.number < number && item.origin === props.version.origin);
        const since = others.find((item) => item.id === props.since) ?? before ?? others[0];
        if (!since) return <Empty title="There is no other version to compare with" />;
        return (
          <Stack>
            <Choice
              label="Since"
              value={since.id}
              options={others.map((item) => ({
                value: item.id,
                label: `version ${item.number} (${item.origin}, ${count(item.rows)} rows)`,
              }))}
              onChoose={props.onChoose}
            />
            <Since version={id} since={since.id} />
          </Stack>
        );
      }}
    </Loaded>
  );
}

function Since({ version, since }: { version: string; since: string }) {
  const diff = useRead(api.datasets.diff, { params: { version: since, other: version } }, { isLive: false });
  return <Loaded of={diff}>{(found) => <Diff diff={found} />}</Loaded>;
}

function Diff({ diff }: { diff: DatasetDiffReply }) {
  const { before, after, schemaChanges, files, rows, columns } = diff;
  const names = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name).join(', ');
  return (
    <>
      <Section title="Rows" note={rows.isDeclared ? `by ${rows.key.join(', ')}` : 'by all columns: no key is declared'}>
        <Facts
          items={[
            ['Added', count(rows.added)],
            ['Removed', count(rows.removed)],
            ['Changed', rows.changed === null ? '' : count(rows.changed)],
            ['The same', count(rows.same)],
            ['Changed values', rows.cells.map((cell) => `${cell.column} in ${counted(cell.rows, 'row')}`).join(', ')],
            [
              'Files',
              `${files.added} added, ${files.removed} removed, ${files.changed} changed, ${files.same} the same`,
            ],
            ['Columns added', names(schemaChanges.added)],
            ['Columns removed', names(schemaChanges.removed)],
            [
              'Types changed',
              schemaChanges.changed.map((column) => `${column.name} ${column.before} → ${column.after}`).join(', '),
            ],
          ]}
        />
        {(['added', 'removed', 'changed'] as const).map((kind) => (
          <Examples key={kind} kind={kind} rows={rows.examples[kind]} columns={rows.key} />
        ))}
      </Section>
      <Section title="How columns are spread" note="the greatest change first; bins are those of the earlier version">
        <PairedLegend before={`version ${before.number}`} after={`version ${after.number}`} />
        <Table
          caption="Columns"
          rows={columns}
          keyOf={(row) => row.name}
          columns={[
            { name: 'Column', sortBy: (row) => row.name, cell: (row) => <code>{row.name}</code> },
            {
              name: 'Distance',
              isNumber: true,
              sortBy: (row) => row.distance,
              cell: (row) => (
                <span title="Jensen-Shannon, base 2: 0 for the same shares, 1 for none in common">
                  {figure(row.distance)}
                </span>
              ),
            },
            {
              name: 'PSI',
              isNumber: true,
              sortBy: (row) => row.stability,
              cell: (row) => <span title="Population stability index over the same bins">{figure(row.stability)}</span>,
            },
            {
              name: 'Spread',
              cell: (row) => (
                <PairedBars
                  before={row.bins.slice(0, MOST_BARS).map((bin) => bin.before)}
                  after={row.bins.slice(0, MOST_BARS).map((bin) => bin.after)}
                  label={`${row.name}: ${row.bins
                    .slice(0, MOST_BARS)
                    .map((bin) => `${bin.label} ${bin.before} then ${bin.after}`)
                    .join('; ')}`}
                />
              ),
            },
            {
              name: 'Mean before',
              isNumber: true,
              cell: (row) => (row.mean.before === null ? '' : figure(row.mean.before)),
            },
            { name: 'After', isNumber: true, cell: (row) => (row.mean.after === null ? '' : figure(row.mean.after)) },
            {
              name: 'Missing before',
              isNumber: true,
              cell: (row) => percent(row.missing.before / Math.max(1, before.rows)),
            },
            { name: 'Now', isNumber: true, cell: (row) => percent(row.missing.after / Math.max(1, after.rows)) },
          ]}
        />
      </Section>
      <p>
        <Quiet>
          Compared with{' '}
          <Link to="/dataset-versions/$version" params={{ version: before.id }}>
            {`version ${before.number}`}
          </Link>
          .
        </Quiet>
      </p>
    </>
  );
}

/** More do not fit into a cell. */
const MOST_BARS = 16;

function Examples(props: {
  kind: string;
  rows: DatasetDiffReply['rows']['examples']['added'];
  columns: readonly string[];
}) {
  if (props.rows.length === 0) return null;
  const title = `First rows ${props.kind}`;
  return (
    <>
      <h3>{title}</h3>
      <Table
        caption={title}
        rows={props.rows}
        keyOf={(row) => JSON.stringify(row)}
        columns={props.columns.slice(0, 8).map((name) => ({
          name,
          cell: (row: (typeof props.rows)[number]) => {
            const value = row[name];
            if (value === null || value === undefined) return <Quiet>missing</Quiet>;
            return String(value).replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d):00Z$/, '$1 $2');
          },
        }))}
      />
    </>
  );
}

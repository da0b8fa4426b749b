import { useState } from 'react';
import { api, useRead } from '../../app/api.ts';
import type { DatasetQuarantine, DatasetVersionReply } from '../../app/replies.ts';
import { Button } from '../../design/button.tsx';
import { count, counted } from '../../design/format.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Row, Section } from '../../design/page.tsx';
import { Table } from '../../design/table.tsx';
import { Pager, Value } from './rows.tsx';

const SHOWN = 20;

/** Rows that the check put aside: how many for which rule, the rows themselves, and how to go on. */
export function QuarantinedRows({
  version,
  quarantine,
}: {
  version: DatasetVersionReply;
  quarantine: DatasetQuarantine;
}) {
  const [rule, setRule] = useState<string>();
  const file = (format: string) => `/api/v1/dataset-versions/${version.id}/quarantine/file?format=${format}`;
  return (
    <>
      <Section
        title={`${count(quarantine.rows)} of ${counted(quarantine.registered.rows, 'registered row')} in quarantine`}
        note={`the other ${count(version.rows)} are this version`}
      >
        <Table
          caption="Rows in quarantine by rule"
          rows={quarantine.rules}
          keyOf={nameOf}
          columns={[
            { name: 'Rule', cell: (row) => row.rule.replaceAll('_', ' ') },
            { name: 'Column', cell: (row) => (row.column === null ? 'all' : <code>{row.column}</code>) },
            { name: 'Rows', isNumber: true, sortBy: (row) => row.rows, cell: (row) => count(row.rows) },
            { name: 'Expected', cell: (row) => row.expected },
            {
              name: 'Show',
              cell: (row) => (
                <Button
                  onClick={() => setRule(rule === nameOf(row) ? undefined : nameOf(row))}
                  aria-label={rule === nameOf(row) ? 'Show rows of all rules' : `Show rows that broke ${nameOf(row)}`}
                >
                  {rule === nameOf(row) ? 'All rows' : 'Its rows'}
                </Button>
              ),
            },
          ]}
        />
      </Section>
      <Section title="How to go on">
        <p>
          Mend these rows where they come from and register the files again: what passes then is in the next version.
          Where a rule asks too much, change it in <code>{version.report?.suite?.path}</code>, then check again.
        </p>
      </Section>
      <Section title={rule === undefined ? 'Rows in quarantine' : `Rows that broke ${rule}`}>
        <Row>
          <a href={file('csv')} download>
            Download as CSV
          </a>
          <a href={file('parquet')} download>
            Download as Parquet
          </a>
        </Row>
        <RowsOf key={rule ?? ''} version={version.id} rule={rule} />
      </Section>
    </>
  );
}

function RowsOf({ version, rule }: { version: string; rule: string | undefined }) {
  const [offset, setOffset] = useState(0);
  const read = useRead(
    api.datasets.quarantinedRows,
    { params: { version }, query: { offset, limit: SHOWN, ...(rule !== undefined && { rule }) } },
    { isLive: false, isKept: true },
  );
  return (
    <Loaded of={read}>
      {({ columns, items, total }) => (
        <>
          {total > SHOWN && <Pager step={SHOWN} offset={offset} here={items.length} total={total} onTurn={setOffset} />}
          <Table
            caption="Rows in quarantine"
            rows={items}
            keyOf={(row) => `${row.file}:${row.row}`}
            columns={[
              { name: 'File', cell: (row) => <code>{row.file}</code> },
              { name: 'Row', isNumber: true, cell: (row) => count(row.row) },
              { name: 'Broke', cell: (row) => row.failed.join(', ') },
              ...columns.map((column, index) => ({
                name: column.name,
                isNumber: column.type === 'integer' || column.type === 'number',
                isWhole: true,
                cell: (row: (typeof items)[number]) => <Value value={row.values[index]} />,
              })),
            ]}
          />
        </>
      )}
    </Loaded>
  );
}

function nameOf({ rule, column }: DatasetQuarantine['rules'][number]): string {
  return column === null ? rule : `${rule} of ${column}`;
}

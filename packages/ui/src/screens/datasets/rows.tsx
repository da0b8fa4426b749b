import { useState } from 'react';
import { api, useRead } from '../../app/api.ts';
import type { DatasetVersionReply } from '../../app/replies.ts';
import { Button } from '../../design/button.tsx';
import { count } from '../../design/format.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Empty, Quiet, Row } from '../../design/page.tsx';
import { Table } from '../../design/table.tsx';

const SHOWN = 50;

/** Rows as they stand in the files. */
export function Rows({ version }: { version: DatasetVersionReply }) {
  const [offset, setOffset] = useState(0);
  const read = useRead(
    api.datasets.rows,
    { params: { version: version.id }, query: { offset, limit: SHOWN } },
    { isLive: false, isKept: true },
  );
  return (
    <Loaded of={read}>
      {({ columns, items, total }) =>
        total === 0 ? (
          <Empty title="No rows" />
        ) : (
          <>
            <Row>
              <Button onClick={() => setOffset(Math.max(0, offset - SHOWN))} disabled={offset === 0}>
                Rows before
              </Button>
              <Button onClick={() => setOffset(offset + SHOWN)} disabled={offset + SHOWN >= total}>
                Rows after
              </Button>
              <Quiet>{`${count(offset + 1)} to ${count(offset + items.length)} of ${count(total)}`}</Quiet>
            </Row>
            <Table
              caption="Rows"
              rows={items}
              keyOf={(row) => `${row.file}:${row.row}`}
              columns={[
                { name: 'Row', isNumber: true, cell: (row) => <span title={row.file}>{count(row.row)}</span> },
                ...columns.map((column, index) => ({
                  name: column.name,
                  isNumber: column.type === 'integer' || column.type === 'number',
                  isWhole: true,
                  cell: (row: (typeof items)[number]) => <Value value={row.values[index]} />,
                })),
              ]}
            />
          </>
        )
      }
    </Loaded>
  );
}

/** As it stands there: no thousands in numbers, since years and codes are numbers, too. */
export function Value({ value }: { value: string | number | boolean | null | undefined }) {
  if (value === null || value === undefined) return <Quiet>missing</Quiet>;
  if (typeof value !== 'string') return String(value);
  return value.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d):00Z$/, '$1 $2');
}

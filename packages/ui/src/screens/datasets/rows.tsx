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
            <Pager step={SHOWN} offset={offset} here={items.length} total={total} onTurn={setOffset} />
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

/** Which rows of how many are shown, and the way to those before and after. */
export function Pager(props: {
  step: number;
  offset: number;
  here: number;
  total: number;
  onTurn(offset: number): void;
}) {
  const { step, offset, here, total, onTurn } = props;
  return (
    <Row>
      <Button onClick={() => onTurn(Math.max(0, offset - step))} disabled={offset === 0}>
        Rows before
      </Button>
      <Button onClick={() => onTurn(offset + step)} disabled={offset + step >= total}>
        Rows after
      </Button>
      <Quiet>{`${count(offset + 1)} to ${count(offset + here)} of ${count(total)}`}</Quiet>
    </Row>
  );
}

/** As it stands there: no thousands in numbers, since years and codes are numbers, too. */
export function Value({ value }: { value: string | number | boolean | null | undefined }) {
  if (value === null || value === undefined) return <Quiet>missing</Quiet>;
  if (typeof value !== 'string') return String(value);
  return value.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d):00Z$/, '$1 $2');
}

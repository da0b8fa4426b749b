import { api, useRead } from '../../app/api.ts';
import type { BatchPredictionReply } from '../../app/replies.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Quiet } from '../../design/page.tsx';
import { Table } from '../../design/table.tsx';
import { Value } from '../datasets/rows.tsx';

const SHOWN = 5;

/** The first rows of the newest result that is a dataset version. */
export function BatchPreview({ items }: { items: readonly BatchPredictionReply[] }) {
  const output = items.find((item) => item.output !== null)?.output;
  const read = useRead(
    api.datasets.rows,
    { params: { version: output?.versionId ?? '' }, query: { offset: 0, limit: SHOWN } },
    { isEnabled: output !== undefined && output !== null, isLive: false },
  );
  if (!output) return null;
  const title = `The first rows of ${output.dataset} v${output.number}`;
  return (
    <>
      <Quiet>{title}</Quiet>
      <Loaded of={read}>
        {({ columns, items: rows }) => (
          <Table
            caption={title}
            rows={rows}
            keyOf={(row) => `${row.file}:${row.row}`}
            columns={columns.map((column, index) => ({
              name: column.name,
              isNumber: column.type === 'integer' || column.type === 'number',
              isWhole: true,
              cell: (row: (typeof rows)[number]) => <Value value={row.values[index]} />,
            }))}
          />
        )}
      </Loaded>
    </>
  );
}

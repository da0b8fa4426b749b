import { useState } from 'react';
import { api } from '../../app/api.ts';
import type { Reply } from '../../app/replies.ts';
import { Button } from '../../design/button.tsx';
import { figure } from '../../design/format.ts';
import { Empty, Quiet, Stack } from '../../design/page.tsx';
import { State } from '../../design/state.tsx';
import { Table } from '../../design/table.tsx';
import { useAction } from '../use-action.tsx';

type Explanation = Reply<typeof api.lineage.explain>;
type Result = Reply<typeof api.lineage.replay>;

/** Runs the same model on the logged inputs; the probability is the same to the last bit, or the difference is named. */
export function Replay({ id, found }: { id: string; found: Explanation }) {
  const [result, setResult] = useState<Result>();
  const { isBusy, act, failure } = useAction(async () =>
    setResult(await api.lineage.replay({ params: { prediction: id }, query: {} })),
  );
  if ('missing' in found.revision) return <Empty title="Nothing to replay">{found.revision.missing}</Empty>;
  return (
    <Stack>
      <div>
        <Button kind="primary" onClick={act} disabled={isBusy}>
          {isBusy ? 'Replaying …' : 'Replay'}
        </Button>
      </div>
      {failure}
      {result ? (
        <Outcome result={result} />
      ) : (
        <Quiet>The same model file is run on the inputs as they were logged.</Quiet>
      )}
    </Stack>
  );
}

function Outcome({ result }: { result: Result }) {
  const rows = [
    { name: 'alone', ...result.alone },
    ...(result.batch ? [{ name: 'with its batch', ...result.batch }] : []),
  ];
  return (
    <>
      <State tone={result.isBitEqual ? 'success' : 'danger'}>{result.isBitEqual ? 'bit-equal' : 'different'}</State>
      {result.notes.map((note) => (
        <Quiet key={note}>{note}</Quiet>
      ))}
      <Table
        caption="Then and now"
        rows={rows}
        keyOf={(row) => row.name}
        columns={[
          { name: 'Replayed', cell: (row) => row.name },
          { name: 'Rows', isNumber: true, cell: (row) => row.rows },
          { name: 'Then', isNumber: true, cell: () => result.answer.probability },
          { name: 'Now', isNumber: true, cell: (row) => row.probability },
          { name: 'Difference', isNumber: true, cell: (row) => figure(row.difference) },
          { name: 'Ulp', isNumber: true, cell: (row) => figure(row.ulps) },
        ]}
      />
      <Table
        caption="What the model was fed"
        rows={Object.entries(result.inputs)}
        keyOf={([name]) => name}
        columns={[
          { name: 'Input', cell: ([name]) => <code>{name}</code> },
          { name: 'Value', cell: ([, value]) => (value === null ? 'missing' : String(value)) },
        ]}
      />
    </>
  );
}

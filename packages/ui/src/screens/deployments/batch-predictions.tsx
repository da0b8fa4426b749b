import { Link } from '@tanstack/react-router';
import { api, refresh, useNow, useRead } from '../../app/api.ts';
import type { BatchPredictionReply, DeploymentReply } from '../../app/replies.ts';
import { Button } from '../../design/button.tsx';
import { Command } from '../../design/copy.tsx';
import { count, duration } from '../../design/format.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Meter } from '../../design/meter.tsx';
import { Empty, Quiet, Section } from '../../design/page.tsx';
import { State, type Tone } from '../../design/state.tsx';
import { Table } from '../../design/table.tsx';
import { Time, Took } from '../../design/time.tsx';
import { BatchForm } from './batch-form.tsx';
import { BatchPreview } from './batch-preview.tsx';

const SHOWN = 50;
const FOLLOW_MS = 1_000;

/** The deployment over whole dataset versions: begin one, see how far each is and what came of it. */
export function BatchPredictions({ deployment: { name, champion } }: { deployment: DeploymentReply }) {
  const read = useRead(
    api.batchPredictions.list,
    { query: { deployment: name, limit: SHOWN } },
    { everyMs: (known) => isUnderWay(known) && FOLLOW_MS },
  );
  return (
    <>
      {champion && (
        <Section title="All rows of a dataset version">
          <BatchForm deployment={name} />
        </Section>
      )}
      <Section title="Batch predictions">
        <Loaded of={read}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="No dataset version has been predicted yet">
                <span>The answers become a version of a dataset, or a file:</span>
                <Command>{`capstan predict ${name} --dataset NAME --to answers.parquet`}</Command>
              </Empty>
            ) : (
              <>
                <Batches items={items} />
                <BatchPreview items={items} />
              </>
            )
          }
        </Loaded>
      </Section>
    </>
  );
}

function isUnderWay(known: { readonly items: readonly BatchPredictionReply[] } | undefined): boolean {
  return known?.items.some(({ state }) => state === 'queued' || state === 'running') ?? false;
}

const tones: Record<BatchPredictionReply['state'], Tone> = {
  queued: 'unknown',
  running: 'working',
  succeeded: 'success',
  failed: 'danger',
  cancelled: 'attention',
};

function Batches({ items }: { items: readonly BatchPredictionReply[] }) {
  const now = useNow();
  return (
    <Table
      caption="Batch predictions"
      rows={items}
      keyOf={(row) => row.id}
      columns={[
        {
          name: 'Over',
          isWhole: true,
          cell: ({ input }) => (
            <Link to="/dataset-versions/$version" params={{ version: input.versionId }}>
              {`${input.dataset} v${input.number}`}
            </Link>
          ),
        },
        { name: 'Revision', isNumber: true, cell: (row) => row.revision ?? '' },
        { name: 'State', isWhole: true, cell: ({ state }) => <State tone={tones[state]}>{state}</State> },
        { name: 'Rows', isWhole: true, cell: (row) => <Progress batch={row} /> },
        { name: 'Result', isWhole: true, cell: (row) => <Result batch={row} /> },
        ...(items.some(({ executor }) => executor !== 'local') ? [{ name: 'On', isWhole: true, cell: placeOf }] : []),
        { name: 'Why', cell: (row) => row.reason ?? '' },
        { name: 'Began', isWhole: true, cell: (row) => <Time at={row.createdAt} now={now} /> },
        {
          name: 'Took',
          isWhole: true,
          cell: (row) => (row.startedAt === null ? '' : <Took from={row.startedAt} to={row.endedAt} now={now} />),
        },
      ]}
    />
  );
}

/** The executor, and the machine of it once that is known. */
function placeOf({ executor, machine }: BatchPredictionReply): string {
  return machine === null ? executor : `${executor}, ${machine}`;
}

function Progress({ batch: { id, state, rows, rowsPerSecond, etaMs } }: { batch: BatchPredictionReply }) {
  const bad = rows.failed === 0 ? '' : `, ${count(rows.failed)} without an answer`;
  if (state !== 'running' && state !== 'queued') return `${count(rows.done)}${bad}`;
  const speed = rowsPerSecond === null ? [] : [`${count(Math.round(rowsPerSecond))} rows/s`];
  const left = etaMs === null ? [] : [`${duration(etaMs)} left`];
  const cancel = (): void => {
    void api.batchPredictions.cancel({ params: { batchPrediction: id } }).then(refresh);
  };
  return (
    <>
      <Meter
        kind="share"
        label="rows"
        share={rows.total === null || rows.total === 0 ? 0 : rows.done / rows.total}
        text={`${count(rows.done)} of ${rows.total === null ? 'not known yet' : count(rows.total)}`}
        note={[...speed, ...left].join(', ') || 'waiting for its turn'}
      />
      <Button onClick={cancel}>Cancel</Button>
    </>
  );
}

function Result({ batch: { id, state, output, result } }: { batch: BatchPredictionReply }) {
  if (output)
    return (
      <Link to="/dataset-versions/$version" params={{ version: output.versionId }}>
        {`${output.dataset} v${output.number}`}
      </Link>
    );
  if (!result) return <Quiet>{state === 'succeeded' ? 'no longer kept' : 'none'}</Quiet>;
  return (
    <a href={`/api/v1/batch-predictions/${id}/result`} download>
      {`download ${result.format === 'csv' ? 'CSV' : 'Parquet'}`}
    </a>
  );
}

import type { ValueReply, ValueRow } from '../../app/replies.ts';
import { count, figure, money } from '../../design/format.ts';
import { Interval, scaleOf } from '../../design/interval.tsx';
import { Quiet, Stack } from '../../design/page.tsx';
import { Table } from '../../design/table.tsx';
import { VersionLink } from '../deployments/live.tsx';
import { figureInterval, moneyInterval } from './interval-text.ts';

type Limits = { readonly low: number; readonly value: number; readonly high: number };

/** One row for each period or version that has answers. A dash stands for what nothing was measured of. */
export function ValueTable({ summary: { rows, currency, method, by } }: { summary: ValueReply }) {
  const scale = scaleOf(rows.map(gainOf).filter((gain) => gain !== null));
  const amount = (value: number | null | undefined): string =>
    value === null || value === undefined ? '–' : money(value, currency, true);
  return (
    <Stack>
      <Table
        caption={`Value by ${by}`}
        rows={rows}
        keyOf={(row) => `${row.version?.deployment ?? ''} ${row.key}`}
        columns={[
          {
            name: by === 'version' ? 'Version' : 'Period',
            sortBy: (row) => row.from ?? row.version?.version ?? 0,
            cell: (row) => <Name row={row} />,
          },
          { name: 'Answers', isNumber: true, sortBy: (row) => row.answered, cell: (row) => count(row.answered) },
          { name: 'With outcome', isNumber: true, sortBy: (row) => row.labelled, cell: (row) => count(row.labelled) },
          { name: 'Value', isNumber: true, sortBy: (row) => row.value, cell: (row) => amount(row.value) },
          {
            name: 'Per prediction',
            isNumber: true,
            sortBy: (row) => row.valuePerPrediction,
            cell: (row) => amount(row.valuePerPrediction),
          },
          { name: 'Baseline', isNumber: true, cell: (row) => amount(row.baseline?.valuePerPrediction) },
          {
            name: 'Gain per prediction',
            sortBy: (row) => row.difference?.valuePerPrediction?.mean,
            cell: (row) => <Gain row={row} scale={scale} currency={currency} />,
          },
          { name: 'Log loss', isNumber: true, sortBy: (row) => row.logLoss, cell: (row) => figure(row.logLoss) },
          {
            name: 'Less baseline',
            isNumber: true,
            sortBy: (row) => row.difference?.logLoss.mean,
            cell: (row) => (row.difference ? figureInterval(row.difference.logLoss) : '–'),
          },
          { name: 'AUC', isNumber: true, sortBy: (row) => row.auc, cell: (row) => figure(row.auc) },
        ]}
      />
      <Quiet>
        {`Limits: ${Math.round(method.confidence * 100)} %, ${method.interval}. Log loss in nats. Baseline: ${method.baseline}.`}
      </Quiet>
    </Stack>
  );
}

function Name({ row: { key, version } }: { row: ValueRow }) {
  return version === null || version.version === null ? (
    key
  ) : (
    <VersionLink model={version.model} version={version.version} />
  );
}

function Gain({ row, scale, currency }: { row: ValueRow; scale: readonly [number, number]; currency: string }) {
  const gain = row.difference?.valuePerPrediction;
  if (!gain) return '–';
  const limits = gainOf(row);
  return (
    <>
      {moneyInterval(gain, currency)}
      {limits && <Interval {...limits} scale={scale} />}
    </>
  );
}

function gainOf(row: ValueRow): Limits | null {
  const { mean = 0, lower = null, upper = null } = row.difference?.valuePerPrediction ?? {};
  return lower === null || upper === null ? null : { low: lower, value: mean, high: upper };
}

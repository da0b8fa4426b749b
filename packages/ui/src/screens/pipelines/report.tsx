import type { ReactNode } from 'react';
import type { PipelineRunReply } from '../../app/replies.ts';
import { bytes, count } from '../../design/format.ts';
import { Table } from '../../design/table.tsx';

type Report = PipelineRunReply['stages'][number]['report'];
type File = NonNullable<Report>['inputs'][number];

/** How a stage of a checkout came to be as it is, where its state alone does not say it. */
export function outcomeWord(report: Report): string | undefined {
  switch (report?.outcome) {
    case 'unchanged':
      return 'unchanged';
    case 'recorded':
      return 'recorded as it is';
    case 'lost':
      return 'lost';
    default:
      return undefined;
  }
}

/** What a checkout told of a stage, as names and values. */
export function reportFacts(report: Report): (readonly [string, ReactNode])[] {
  if (!report) return [];
  const { undeclared, warnings, metrics, params } = report;
  return [
    ['Metrics', pairs(Object.entries(metrics).map(([name, value]) => [name, String(value)]))],
    ['Parameters', pairs(Object.entries(params))],
    [
      'Read undeclared',
      undeclared && undeclared.length > 0 ? <code key="undeclared">{undeclared.join(', ')}</code> : '',
    ],
    ['Warnings', warnings.join('; ')],
  ];
}

const pairs = (values: readonly (readonly [string, string])[]): string =>
  values.map(([name, value]) => `${name} ${value}`).join(', ');

/** Files as the stage found and left them. */
export function ReportedFiles({ report, stage }: { report: NonNullable<Report>; stage: string }) {
  const rows = [
    ...report.inputs.map((file) => ({ ...file, role: 'input' })),
    ...report.outputs.map((file) => ({ ...file, role: 'output' })),
  ];
  if (rows.length === 0) return null;
  return (
    <Table<File & { role: string }>
      caption={`Files of ${stage}`}
      rows={rows}
      keyOf={(row) => `${row.role} ${row.path}`}
      columns={[
        { name: 'File', cell: (row) => <code>{row.path}</code> },
        { name: 'Role', cell: (row) => row.role },
        { name: 'Hash', cell: (row) => (row.hash === undefined ? '' : <code>{row.hash}</code>) },
        { name: 'Size', isNumber: true, cell: (row) => (row.sizeBytes === undefined ? '' : bytes(row.sizeBytes)) },
        { name: 'Files', isNumber: true, cell: (row) => (row.files === undefined ? '' : count(row.files)) },
      ]}
    />
  );
}

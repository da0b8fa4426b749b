import type { ExpectationReport, ExpectationResult } from '../../app/replies.ts';
import { count, counted } from '../../design/format.ts';
import { Quiet, Section } from '../../design/page.tsx';
import { State } from '../../design/state.tsx';
import { Table } from '../../design/table.tsx';

/** What was asked of a version and what was seen: broken rules first, each with rows that break it. */
export function Report({ report }: { report: ExpectationReport }) {
  const broken = report.results.filter((result) => !result.passed);
  const held = report.results.filter((result) => result.passed);
  return (
    <>
      {broken.length > 0 && (
        <Section title={`${counted(broken.length, 'rule')} broken`}>
          <Results caption="Broken rules" results={broken} />
          {broken
            .filter((result) => result.examples.length > 0)
            .map((result) => (
              <Examples key={nameOf(result)} result={result} />
            ))}
        </Section>
      )}
      <Section
        title={`${counted(held.length, 'rule')} held`}
        note={report.suite ? <code>{report.suite.path}</code> : 'no file of expectations is declared'}
      >
        {held.length === 0 ? <Quiet>none</Quiet> : <Results caption="Rules that held" results={held} />}
      </Section>
    </>
  );
}

function nameOf(result: ExpectationResult): string {
  return `${result.rule}${result.column === null ? '' : ` of ${result.column}`}`;
}

function Results({ caption, results }: { caption: string; results: readonly ExpectationResult[] }) {
  return (
    <Table
      caption={caption}
      rows={results.map((result, index) => ({ ...result, index }))}
      keyOf={(row) => row.index}
      columns={[
        { name: 'Rule', sortBy: (row) => row.rule, cell: (row) => row.rule.replaceAll('_', ' ') },
        {
          name: 'Column',
          sortBy: (row) => row.column,
          cell: (row) => (row.column === null ? 'all' : <code>{row.column}</code>),
        },
        { name: 'Verdict', cell: (row) => <RuleState result={row} /> },
        { name: 'Expected', cell: (row) => row.expected },
        { name: 'Observed', cell: (row) => row.observed },
        { name: 'Rows', isNumber: true, cell: (row) => (row.failedRows === null ? '' : count(row.failedRows)) },
      ]}
    />
  );
}

function RuleState({ result }: { result: ExpectationResult }) {
  if (result.passed) return <State tone="success">held</State>;
  return result.severity === 'error' ? <State tone="danger">broken</State> : <State tone="attention">warning</State>;
}

function Examples({ result }: { result: ExpectationResult }) {
  const keys = [...new Set(result.examples.flatMap((example) => Object.keys(example.values)))];
  return (
    <>
      <h3>Rows that break {nameOf(result)}</h3>
      <Table
        caption={`Rows that break ${nameOf(result)}`}
        rows={result.examples}
        keyOf={(row) => `${row.file}:${row.row}`}
        columns={[
          { name: 'File', cell: (row) => <code>{row.file}</code> },
          { name: 'Row', isNumber: true, cell: (row) => count(row.row) },
          ...keys.map((key) => ({
            name: key,
            cell: (row: (typeof result.examples)[number]) => shown(row.values[key]),
          })),
        ]}
      />
    </>
  );
}

function shown(value: unknown): string {
  return value === null || value === undefined ? 'missing' : String(value as string | number | boolean);
}

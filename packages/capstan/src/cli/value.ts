import type { Client } from '@capstan/client';
import { Option, type Command } from 'commander';
import { connect } from './connect.ts';
import { instant } from './instant.ts';
import { onlyProject } from './only-project.ts';
import type { Registration } from './run.ts';
import { oneLine, table } from './terminal.ts';
import { durationText, timeText } from './time-text.ts';

type Summary = Awaited<ReturnType<Client['value']['summary']>>;
type Row = Summary['rows'][number];
type Interval = NonNullable<Row['difference']>['logLoss'];

interface Options {
  readonly by: Summary['by'];
  readonly from?: number;
  readonly before?: number;
  readonly json?: boolean;
}

export function register(program: Command, { terminal, action }: Registration): void {
  program
    .command('value [project]')
    .description('What the answers of a project were worth, beside a constant baseline; and its loss budgets')
    .addOption(
      new Option('--by <what>', 'one row for each').choices(['month', 'week', 'day', 'version']).default('month'),
    )
    .option('--from <time>', 'only answers from this event time on, e.g. 2013-05-01', instant)
    .option('--before <time>', 'only answers before this event time', instant)
    .option('--json', 'print JSON')
    .action(
      action(async (project: string | undefined, { by, from, before, json }: Options) => {
        const client = connect(terminal);
        const summary = await client.value.summary({
          params: { project: project ?? (await onlyProject(client)) },
          query: { by, from, before },
        });
        terminal.out(json ? JSON.stringify({ schema: 'capstan/value.v1', ...summary }) : showSummary(summary));
        return undefined;
      }),
    );
}

function showSummary({ project, currency, by, rows, total, budgets, method }: Summary): string {
  const parts = [budgetTable(budgets, currency)].filter((text) => text !== '');
  if (total.answered === 0) return [`No answer of ${project} is logged in that window.`, ...parts].join('\n\n');
  const header = [
    by.toUpperCase(),
    'ANSWERS',
    'LABELLED',
    'PENDING',
    `VALUE ${currency}`,
    `${currency}/ANSWER`,
    `BASELINE ${currency}`,
    `GAIN ${currency}/ANSWER`,
    'LOG LOSS nats',
    'BASELINE nats',
    'DIFFERENCE nats',
    'AUC',
  ];
  const figures = table(header, [...rows, total].map(cells));
  const hint =
    total.labelled === 0
      ? ['No outcome is known yet: report them with POST /api/v1/deployments/DEPLOYMENT/outcomes.']
      : [
          `Brackets: ${method.confidence * 100} % limits of the paired difference to the baseline; ${method.interval}.`,
          `Baseline: ${method.baseline}.`,
        ];
  return [figures, hint.join('\n'), ...parts].join('\n\n');
}

function cells(row: Row): (string | number)[] {
  return [
    oneLine(row.key),
    row.answered,
    row.labelled,
    row.pending,
    amount(row.value),
    fixed(row.valuePerPrediction, 3),
    amount(row.baseline?.value ?? null),
    interval(row.difference?.valuePerPrediction ?? null, 3),
    fixed(row.logLoss, 4),
    fixed(row.baseline?.logLoss ?? null, 4),
    interval(row.difference?.logLoss ?? null, 4),
    fixed(row.auc, 3),
  ];
}

function budgetTable(budgets: Summary['budgets'], currency: string): string {
  if (budgets.length === 0) return '';
  return table(
    ['DEPLOYMENT', 'BREAKER', `SPENT ${currency}`, `BUDGET ${currency}`, 'WINDOW', 'N', 'SINCE', 'WHY'],
    budgets.map(({ deployment, breaker, budget }) => [
      deployment,
      breaker.state,
      amount(budget?.spent ?? null),
      budget ? amount(budget.amount) : 'none',
      budget ? durationText(0, budget.windowMs) : '',
      budget?.n ?? '',
      budget ? timeText(budget.since) : '',
      oneLine(breaker.reason ?? '', 80),
    ]),
  );
}

/** A dash stands for what is not measured. */
function fixed(value: number | null, digits: number): string {
  return value === null ? '-' : value.toFixed(digits);
}

function amount(value: number | null): string {
  return fixed(value, 2);
}

function interval(of: Interval | null, digits: number): string {
  if (of === null) return '-';
  const mean = `${of.mean > 0 ? '+' : ''}${of.mean.toFixed(digits)}`;
  return of.lower === null || of.upper === null
    ? mean
    : `${mean} [${of.lower.toFixed(digits)}, ${of.upper.toFixed(digits)}]`;
}

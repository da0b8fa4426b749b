import type { Client } from '@capstan/client';
import type { Command } from 'commander';
import { connect } from './connect.ts';
import { experimentsOf } from './experiments-of.ts';
import { pageSize } from './page-size.ts';
import type { Registration } from './run.ts';
import { showTrace } from './show-trace.ts';
import { oneLine, table } from './terminal.ts';
import { timeText } from './time-text.ts';

/** What the server gives at once. */
const MOST_TRACES = 500;

interface ListOptions {
  readonly experiment: string;
  readonly filter?: string;
  readonly orderBy?: string;
  readonly limit: number;
  readonly json?: boolean;
}

type TraceSummary = Awaited<ReturnType<Client['traces']['list']>>['items'][number];

export function register(program: Command, { terminal, action }: Registration): void {
  const traces = program.command('traces').description('Traces of applications');
  traces
    .command('list')
    .description('Traces of an experiment, newest first')
    .requiredOption('--experiment <name>', 'the experiment (name or id)')
    .option('--filter <text>', "MLflow's search language, e.g. \"status = 'ERROR' and span.name LIKE '%search%'\"")
    .option('--order-by <term>', 'e.g. "execution_time_ms DESC"')
    .option('--limit <count>', 'at most this many', pageSize, 100)
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  capstan traces list --experiment shop --filter "feedback.right = \'no\'"\n')
    .action(
      action(async (options: ListOptions) => {
        const client = connect(terminal);
        const [experiment] = await experimentsOf(client, options.experiment);
        const page = await client.traces.list({
          params: { experiment: experiment?.id ?? options.experiment },
          query: {
            limit: Math.min(options.limit, MOST_TRACES),
            ...(options.filter !== undefined && { filter: options.filter }),
            ...(options.orderBy !== undefined && { orderBy: options.orderBy }),
          },
        });
        if (options.json) terminal.out(JSON.stringify({ schema: 'capstan/traces.v1', traces: page.items }));
        else terminal.out(traceTable(page.items));
        if (page.nextCursor !== undefined) terminal.err(`There are more: these are the first ${page.items.length}.`);
        return undefined;
      }),
    );
  traces
    .command('show <id>')
    .description('One trace with its spans and assessments')
    .option('--json', 'print JSON')
    .action(
      action(async (id: string, options: { json?: boolean }) => {
        const client = connect(terminal);
        const trace = await client.traces.get({ params: { trace: id } });
        terminal.out(options.json ? JSON.stringify({ schema: 'capstan/trace.v1', ...trace }) : showTrace(trace));
        return undefined;
      }),
    );
}

function traceTable(traces: readonly TraceSummary[]): string {
  return table(
    ['ID', 'NAME', 'STATUS', 'STARTED', 'TOOK MS', 'REQUEST'],
    traces.map((trace) => [
      trace.id,
      oneLine(trace.name ?? ''),
      trace.status,
      timeText(trace.startedAt),
      trace.durationMs ?? '',
      oneLine(trace.requestPreview ?? '').slice(0, 60),
    ]),
  );
}

import type { Client } from '@capstan/client';
import type { Command } from 'commander';
import { connect } from './connect.ts';
import { exitCodes } from './exit-codes.ts';
import { pageSize } from './page-size.ts';
import type { Registration } from './run.ts';
import { oneLine, table } from './terminal.ts';
import { timeText } from './time-text.ts';

type Summary = Awaited<ReturnType<Client['monitors']['list']>>['items'][number];
type Monitor = Awaited<ReturnType<Client['monitors']['get']>>;

export function register(program: Command, { terminal, action }: Registration): void {
  const monitors = program
    .command('monitors')
    .description('Declared watches: features against training data, realised performance against doing nothing');
  monitors
    .command('list <project>')
    .description('Monitors with their newest window and the alert that stands')
    .option('--json', 'print JSON')
    .action(
      action(async (project: string, { json }: { json?: boolean }) => {
        const { items } = await connect(terminal).monitors.list({ params: { project } });
        terminal.out(json ? JSON.stringify({ schema: 'capstan/monitors.v1', monitors: items }) : listed(items));
        return undefined;
      }),
    );
  monitors
    .command('show <project> <monitor>')
    .description('One monitor: its windows with what was measured, and its alerts')
    .option('--windows <count>', 'at most this many, the newest', pageSize, 20)
    .option('--json', 'print JSON')
    .action(
      action(async (project: string, monitor: string, { windows, json }: { windows: number; json?: boolean }) => {
        const found = await connect(terminal).monitors.get({ params: { project, monitor }, query: { windows } });
        terminal.out(json ? JSON.stringify({ schema: 'capstan/monitor.v1', ...found }) : shown(found));
        return undefined;
      }),
    );
  monitors
    .command('check <project>')
    .description('Judge every window that has closed by now; exit code 10 while an alert stands')
    .option('--json', 'print JSON')
    .action(
      action(async (project: string, { json }: { json?: boolean }) => {
        const { items } = await connect(terminal).monitors.check({ params: { project } });
        terminal.out(json ? JSON.stringify({ schema: 'capstan/monitors.v1', monitors: items }) : listed(items));
        return items.some(({ alert }) => alert !== null) ? exitCodes.no : undefined;
      }),
    );
}

function listed(monitors: readonly Summary[]): string {
  if (monitors.length === 0) return 'Nothing is watched: write monitors into capstan.yaml and apply it.';
  return table(
    ['MONITOR', 'VERDICT', 'ALERT SINCE', 'WINDOW ENDS', 'N', 'WINDOWS', 'WHY'],
    monitors.map(({ name, verdict, alert, newest, windows, reason }) => [
      name,
      verdict,
      alert ? timeText(alert.raisedAt) : '',
      newest ? timeText(newest.before) : '',
      newest?.n ?? '',
      windows,
      oneLine(reason, 90),
    ]),
  );
}

function shown({ name, against, limit, items, alerts }: Monitor): string {
  const head = `${name}\nagainst  ${against}\nlimit    ${limit}`;
  if (items.length === 0) return `${head}\n\nNo window has closed yet.`;
  const windows = table(
    ['WINDOW FROM', 'BEFORE', 'VERDICT', 'VERSION', 'N', 'WHY'],
    items.map((window) => [
      timeText(window.from),
      timeText(window.before),
      window.verdict,
      window.modelVersion === null ? '' : `v${window.modelVersion}`,
      window.n,
      oneLine(window.reason, 100),
    ]),
  );
  if (alerts.length === 0) return `${head}\n\n${windows}`;
  const raised = table(
    ['ALERT', 'RAISED', 'RESOLVED', 'WHY'],
    alerts.map((alert) => [
      alert.kind,
      timeText(alert.raisedAt),
      alert.resolvedAt === null ? 'stands' : timeText(alert.resolvedAt),
      oneLine(alert.reason, 100),
    ]),
  );
  return `${head}\n\n${windows}\n\n${raised}`;
}

import type { Client } from '@capstan/client';
import type { Command } from 'commander';
import { connect } from './connect.ts';
import { pageSize } from './page-size.ts';
import type { Registration } from './run.ts';
import { oneLine, table } from './terminal.ts';
import { durationText, timeText } from './time-text.ts';

type Summary = Awaited<ReturnType<Client['cycles']['list']>>['items'][number];
type Cycle = Awaited<ReturnType<Client['cycles']['get']>>;

export function register(program: Command, { terminal, action }: Registration): void {
  const cycles = program
    .command('cycles')
    .description('Turns of the cycle: why each began, what was decided and on what');
  cycles
    .command('list <project>')
    .description('Turns of a project, newest first')
    .option('--limit <count>', 'at most this many', pageSize, 20)
    .option('--json', 'print JSON')
    .action(
      action(async (project: string, { limit, json }: { limit: number; json?: boolean }) => {
        const { items, nextCursor } = await connect(terminal).cycles.list({ params: { project }, query: { limit } });
        terminal.out(json ? JSON.stringify({ schema: 'capstan/cycles.v1', cycles: items }) : cycleTable(items));
        if (nextCursor !== undefined) terminal.err(`There are more: these are the newest ${items.length}.`);
        return undefined;
      }),
    );
  cycles
    .command('show <project> <cycle>')
    .description('One turn by its number or id: every step and decision with value, limit and number of examples')
    .option('--json', 'print JSON')
    .action(
      action(async (project: string, cycle: string, { json }: { json?: boolean }) => {
        const found = await connect(terminal).cycles.get({ params: { project, cycle } });
        terminal.out(json ? JSON.stringify({ schema: 'capstan/cycle.v1', ...found }) : showCycle(found));
        return undefined;
      }),
    );
  cycles
    .command('start <project>')
    .description('Ask for a turn now; the policy still refuses one while another is open or data are in quarantine')
    .requiredOption('--reason <text>', 'why, for the record')
    .option('--json', 'print JSON')
    .action(
      action(async (project: string, { reason, json }: { reason: string; json?: boolean }) => {
        const begun = await connect(terminal).cycles.start({ params: { project }, body: { reason } });
        terminal.out(
          json
            ? JSON.stringify({ schema: 'capstan/cycle.v1', ...begun })
            : `Turn ${begun.number} of ${begun.project} has begun: capstan cycles show ${begun.project} ${begun.number}`,
        );
        return undefined;
      }),
    );
}

function cycleTable(cycles: readonly Summary[]): string {
  return table(
    ['TURN', 'STATE', 'TRIGGER', 'BEGAN', 'TOOK', 'MODEL', 'WHY'],
    cycles.map((cycle) => [
      cycle.number,
      cycle.state,
      cycle.trigger.kind,
      timeText(cycle.startedAt),
      durationText(cycle.startedAt, cycle.endedAt),
      cycle.version === null ? '' : `${cycle.model ?? ''}/${cycle.version}`,
      oneLine(cycle.reason ?? '', 80),
    ]),
  );
}

function showCycle(cycle: Cycle): string {
  const facts = [
    ['turn', `${cycle.number} of ${cycle.project}`],
    ['state', cycle.state],
    ['trigger', `${cycle.trigger.kind}: ${oneLine(cycle.trigger.reason, 200)}`],
    ['window', cycle.window ? `${timeText(cycle.window.from)} to ${timeText(cycle.window.before)}` : ''],
    ['model', cycle.version === null ? '' : `${cycle.model ?? ''}/${cycle.version}`],
    ['why', oneLine(cycle.reason ?? '', 200)],
  ].filter(([, value]) => value !== '');
  const steps = table(
    ['STEP', 'DECISION', 'STATUS', 'VALUE', 'LIMIT', 'N', 'WHY'],
    cycle.steps.map((step) => [
      step.step,
      oneLine(step.decision ?? ''),
      step.status,
      measured(step.value),
      measured(step.limit),
      step.n ?? '',
      oneLine(step.reason ?? '', 100),
    ]),
  );
  return `${facts.map(([name = '', value = '']) => `${name.padEnd(8)} ${value}`).join('\n')}\n\n${steps}`;
}

function measured(value: number | string | null): string {
  return typeof value === 'number' ? String(Number(value.toPrecision(5))) : oneLine(value ?? '', 40);
}

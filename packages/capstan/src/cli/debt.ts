import type { Client } from '@capstan/client';
import type { Command } from 'commander';
import { connect } from './connect.ts';
import { onlyProject } from './only-project.ts';
import type { Registration } from './run.ts';
import { oneLine, table } from './terminal.ts';
import { timeText } from './time-text.ts';

type Ledger = Awaited<ReturnType<Client['debt']['get']>>;
type Measure = NonNullable<Ledger['items'][number]['interest']>;

export function register(program: Command, { terminal, action }: Registration): void {
  program
    .command('debt [project]')
    .description('Technical debt, computed from evidence: what is owed, what it costs while it stands, what repays it')
    .option('--measure', 'measure it now; without, as it was measured last')
    .option('--json', 'print JSON')
    .action(
      action(async (project: string | undefined, { measure, json }: { measure?: boolean; json?: boolean }) => {
        const client = connect(terminal);
        const input = { params: { project: project ?? (await onlyProject(client)) } };
        const ledger = await (measure ? client.debt.measure(input) : client.debt.get(input));
        terminal.out(json ? JSON.stringify({ schema: 'capstan/debt.v1', ...ledger }) : shown(ledger));
        return undefined;
      }),
    );
}

function shown({ project, measuredAt, items }: Ledger): string {
  if (measuredAt === null) return `The debt of ${project} was not measured yet: capstan debt ${project} --measure.`;
  const rows = table(
    ['STATE', 'DEBT', 'PRINCIPAL', 'INTEREST', 'SINCE', 'WHY'],
    items.map((item) => [
      item.state,
      oneLine(item.title, 50),
      amount(item.principal, item.state),
      amount(item.interest, item.state),
      item.since === null ? '' : timeText(item.since),
      oneLine(item.reason, 90),
    ]),
  );
  const repay = items.flatMap(({ state, title, repay: how }) =>
    state === 'owed' && how !== null ? [`${title}: ${how}`] : [],
  );
  const parts = [
    `measured ${timeText(measuredAt)}`,
    rows,
    ...(repay.length > 0 ? [`To repay:\n${repay.join('\n')}`] : []),
  ];
  return parts.join('\n\n');
}

function amount(measure: Measure | null, state: string): string {
  if (measure) return `${Number(measure.value.toPrecision(4))} ${measure.unit}`;
  return state === 'clear' ? '' : 'unmeasured';
}

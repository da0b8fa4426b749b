import type { Client } from '@capstan/client';
import type { Command } from 'commander';
import { connect } from './connect.ts';
import { exitCodes } from './exit-codes.ts';
import { roleOption } from './explain.ts';
import type { Registration } from './run.ts';
import { oneLine, table } from './terminal.ts';

type Replay = Awaited<ReturnType<Client['lineage']['replay']>>;
type Role = Replay['answer']['role'];

export function register(program: Command, { terminal, action }: Registration): void {
  program
    .command('replay <prediction>')
    .description(
      'Run the same model on the logged inputs and compare the probability: code 0 when it is bit-equal, 10 when it differs',
    )
    .addOption(roleOption())
    .option('--json', 'print JSON')
    .action(
      action(async (prediction: string, { role, json }: { role?: Role; json?: boolean }) => {
        const found = await connect(terminal).lineage.replay({
          params: { prediction },
          query: { ...(role !== undefined && { role }) },
        });
        terminal.out(json ? JSON.stringify({ schema: 'capstan/replay.v1', ...found }) : showReplay(found));
        return found.isBitEqual ? undefined : exitCodes.no;
      }),
    );
}

function showReplay({ answer, model, version, digest, notes, inputs, decision, ...found }: Replay): string {
  const decided = (isYes: boolean): string => (isYes ? 'yes' : 'no');
  const adapters = Object.entries(found.adapters).map(([name, { multiply, add }]) => `${name} × ${multiply} + ${add}`);
  const facts = [
    ['prediction', answer.id],
    ['model', `${model}/${version} ${digest}`],
    ['result', notes[0] ?? ''],
    ...notes.slice(1).map((note) => ['note', note]),
    [
      'decision',
      `${decided(decision.before)} then, ${decided(decision.after)} now, at the threshold ${answer.threshold}`,
    ],
    ...(adapters.length > 0 ? [['converted', adapters.join(', ')]] : []),
  ];
  const rows = [{ name: 'alone', ...found.alone }, ...(found.batch ? [{ name: 'batch', ...found.batch }] : [])];
  const compared = table(
    ['REPLAYED', 'ROWS', 'THEN', 'NOW', 'DIFFERENCE', 'ULP'],
    rows.map((row) => [row.name, row.rows, answer.probability ?? '', row.probability, row.difference, row.ulps]),
  );
  const fed = table(
    ['INPUT', 'VALUE'],
    Object.entries(inputs).map(([name, value]) => [oneLine(name), oneLine(value === null ? 'missing' : String(value))]),
  );
  return [facts.map(([name = '', value = '']) => `${name.padEnd(10)} ${value}`).join('\n'), compared, fed].join('\n\n');
}

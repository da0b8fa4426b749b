import type { Client } from '@capstan/client';
import { InvalidArgumentError, type Command } from 'commander';
import { DomainError } from '#kernel/errors';
import { connect } from './connect.ts';
import { exitCodes } from './exit-codes.ts';
import type { Registration } from './run.ts';

interface Options {
  readonly within: number;
  readonly json?: boolean;
}

const POLL_MS = 5;
const GIVE_UP_MS = 60_000;
const REASON = 'drill: is the way back open, and how long is it?';

export function register(program: Command, { terminal, action }: Registration): void {
  const drill = program.command('drill').description('Practise what must work at 3 a.m.');
  drill
    .command('rollback <deployment>')
    .description('Go back to the previous champion and forth again, and measure until every replica serves it')
    .option('--within <ms>', 'code 10 when the way back takes longer', milliseconds, 1_000)
    .option('--json', 'print JSON')
    .action(
      action(async (deployment: string, { within, json }: Options) => {
        const client = connect(terminal);
        const before = await client.deployments.get({ params: { deployment } });
        if (before.rollout) {
          throw new DomainError('CONFLICT', `The rollout ${before.rollout.id} of ${deployment} is under way`, {
            hint: 'Wait for its end: a drill is about the champion.',
          });
        }
        const from = before.champion?.number;
        const back = await go(client, deployment, undefined);
        const forth = from === undefined ? back : await go(client, deployment, from);
        const facts = { deployment, from, to: back.revision, backMs: back.ms, forthMs: forth.ms, within };
        if (json) terminal.out(JSON.stringify({ schema: 'capstan/rollback-drill.v1', ...facts }));
        else {
          terminal.out(
            `${deployment} went back to revision ${back.revision} in ${back.ms} ms and forth to ${from} in ${forth.ms} ms`,
          );
        }
        return back.ms <= within ? undefined : exitCodes.no;
      }),
    );
}

/** Rolls back and waits until every replica that is there serves it. */
async function go(client: Client, deployment: string, to: number | undefined) {
  const started = performance.now();
  const asked = { params: { deployment }, body: { reason: REASON, ...(to !== undefined && { to }) } };
  const revision = (await client.deployments.rollBack(asked)).champion?.number ?? 0;
  for (;;) {
    const { replicas } = await client.deployments.get({ params: { deployment } });
    const current = replicas.filter(({ isCurrent }) => isCurrent);
    const ms = Math.round(performance.now() - started);
    if (current.length > 0 && current.every(({ revisions }) => revisions.includes(revision))) return { revision, ms };
    if (ms > GIVE_UP_MS) {
      throw new DomainError('DEADLINE_EXCEEDED', `Not every replica of ${deployment} serves revision ${revision}`, {
        hint: `capstan deployments show ${deployment} tells what they serve.`,
      });
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function milliseconds(text: string): number {
  const ms = Number(text);
  if (Number.isFinite(ms) && ms > 0) return ms;
  throw new InvalidArgumentError('Give milliseconds, e.g. 1000.');
}

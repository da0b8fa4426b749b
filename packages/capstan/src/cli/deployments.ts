import type { Client } from '@capstan/client';
import type { Command } from 'commander';
import { DomainError } from '#kernel/errors';
import { connect } from './connect.ts';
import { shareOfTraffic } from './share-of-traffic.ts';
import type { Registration } from './run.ts';
import { oneLine, table } from './terminal.ts';
import { timeText } from './time-text.ts';

type Deployment = Awaited<ReturnType<Client['deployments']['get']>>;

const LONGEST = 300;

export function register(program: Command, { terminal, action }: Registration): void {
  const deployments = program.command('deployments').description('What is served, and back to what was served before');
  deployments
    .command('list')
    .description('Deployments with their champion, rollout and breaker')
    .option('--json', 'print JSON')
    .action(
      action(async ({ json }: { json?: boolean }) => {
        const { items } = await connect(terminal).deployments.list({ query: {} });
        terminal.out(json ? JSON.stringify({ schema: 'capstan/deployments.v1', deployments: items }) : listed(items));
        return undefined;
      }),
    );
  deployments
    .command('show <deployment>')
    .description('One deployment: who answers, the change under way, breaker, loss budget and replicas')
    .option('--json', 'print JSON')
    .action(
      action(async (deployment: string, { json }: { json?: boolean }) => {
        const found = await connect(terminal).deployments.get({ params: { deployment } });
        terminal.out(json ? JSON.stringify({ schema: 'capstan/deployment.v1', ...found }) : shown(found));
        return undefined;
      }),
    );
  deployments
    .command('share <deployment> <percent>')
    .description('Change the share of a split by hand: capstan deploy MODEL --share begins one; 100% gives it all')
    .requiredOption('--reason <text>', 'why, for the record')
    .option('--json', 'print JSON')
    .action(
      action(async (deployment: string, percent: string, { reason, json }: { reason: string; json?: boolean }) => {
        const client = connect(terminal);
        const { rollout } = await client.deployments.get({ params: { deployment } });
        if (!rollout) {
          throw new DomainError('CONFLICT', `${deployment} has no split under way`, {
            hint: 'capstan deploy MODEL --version N --share 20% begins one.',
          });
        }
        const params = { rollout: rollout.id };
        if (percent === '100%') await client.deployments.resume({ params, body: { reason } });
        else await client.deployments.share({ params, body: { share: shareOfTraffic(percent), reason } });
        const found = await client.deployments.get({ params: { deployment } });
        terminal.out(json ? JSON.stringify({ schema: 'capstan/deployment.v1', ...found }) : shown(found));
        return undefined;
      }),
    );
  deployments
    .command('rollback <deployment>')
    .description('End the rollout under way; without one, the previous champion answers again')
    .requiredOption('--reason <text>', 'why, for the record')
    .option('--json', 'print JSON')
    .action(
      action(async (deployment: string, { reason, json }: { reason: string; json?: boolean }) => {
        const found = await connect(terminal).deployments.rollBack({ params: { deployment }, body: { reason } });
        terminal.out(json ? JSON.stringify({ schema: 'capstan/deployment.v1', ...found }) : shown(found));
        return undefined;
      }),
    );
}

function differenceText({ differences, isWithheld }: Deployment['replicas'][number]): string {
  if (differences.length === 0) return '';
  return `, differs${isWithheld ? ' and gets no requests' : ''}: ${differences.join('; ')}`;
}

/** What to say of a loss budget; undefined where none is declared. */
export function budgetText({ lossBudget }: Deployment): string | undefined {
  if (!lossBudget) return undefined;
  if (!lossBudget.isCounting) return `counts nothing: ${lossBudget.reason ?? 'no reason given'}`;
  return `${lossBudget.amount} in ${lossBudget.windowMs / 3_600_000} h`;
}

function recalibrationText({ recalibration }: Deployment): string | undefined {
  if (!recalibration) return undefined;
  const { shift, rows, at, answeredLoss, modelLoss } = recalibration;
  const losses = `log loss ${answeredLoss.toFixed(4)} as answered, ${modelLoss.toFixed(4)} by the model alone`;
  return `log odds moved by ${shift.toFixed(3)}, fitted ${timeText(at)} to ${rows} answers (${losses})`;
}

function listed(deployments: readonly Deployment[]): string {
  if (deployments.length === 0) return 'Nothing is served: capstan deploy MODEL rolls a version out.';
  return table(
    ['DEPLOYMENT', 'PROJECT', 'CHAMPION', 'ROLLOUT', 'BREAKER', 'BASELINE', 'REPLICAS'],
    deployments.map((it) => [
      it.name,
      it.project ?? '-',
      championText(it),
      it.rollout ? `revision ${it.rollout.revision}, ${it.rollout.state}` : '-',
      it.breaker.state,
      it.breaker.fallbackProbability?.toFixed(3) ?? 'unknown',
      it.replicas.filter(({ isCurrent }) => isCurrent).length,
    ]),
  );
}

function shown(it: Deployment): string {
  const { breaker } = it;
  const answer = breaker.fallbackProbability === undefined ? '' : ` with probability ${breaker.fallbackProbability}`;
  const facts: [string, string | undefined][] = [
    ['deployment', it.name],
    ['project', it.project ?? 'none declares it'],
    ['champion', championText(it)],
    ...(it.champion?.servingWords ?? []).map((word): [string, string] => ['runs with', word]),
    ['rollout', it.rollout && `${it.rollout.id}: revision ${it.rollout.revision} is ${it.rollout.state}`],
    ['breaker', breaker.state],
    ['when open', breaker.mode + answer],
    ['why', breaker.reason],
    ['recalibrated', recalibrationText(it)],
    ['loss budget', budgetText(it)],
    ['created', timeText(it.createdAt)],
    ...it.replicas.map((replica): [string, string] => [
      'replica',
      `${replica.replica} at ${replica.url}${replica.isCurrent ? differenceText(replica) : ', gone'}`,
    ]),
  ];
  return facts
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name.padEnd(12)}  ${oneLine(value, LONGEST)}`]))
    .join('\n');
}

function championText({ champion }: Deployment): string {
  return champion ? `${champion.model}/${champion.version}, revision ${champion.number}` : 'none';
}

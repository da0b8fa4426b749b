import { deploymentName } from '@capstan/api';
import type { Client } from '@capstan/client';
import { InvalidArgumentError, type Command } from 'commander';
import { DomainError } from '#kernel/errors';
import { connect } from './connect.ts';
import { budgetText } from './deployments.ts';
import { exitCodes } from './exit-codes.ts';
import type { Registration } from './run.ts';
import { shareOfTraffic } from './share-of-traffic.ts';
import { readServingWords, SERVING_WORDS_HELP } from './serving-words.ts';
import { oneLine, table, type Terminal } from './terminal.ts';

type Deployment = Awaited<ReturnType<Client['deployments']['get']>>;
type Rollout = Awaited<ReturnType<Client['deployments']['rollout']>>;

interface Options {
  readonly version?: number;
  readonly alias?: string;
  readonly name?: string;
  readonly verdict?: string;
  readonly guards: boolean;
  readonly newInputs?: boolean;
  readonly set: readonly string[];
  readonly share?: number;
  readonly sticky?: string;
  readonly wait?: boolean;
  readonly json?: boolean;
}

const POLL_MS = 300;

export function register(program: Command, { terminal, action }: Registration): void {
  program
    .command('deploy <model>')
    .description(
      'Serve a registered model; one that a project declares is rolled out by its plan: shadow, canary, full',
    )
    .option('--version <number>', 'the version; without it and --alias, the newest', versionNumber)
    .option('--alias <alias>', 'the version that this alias names')
    .option('--name <deployment>', "the deployment; without it, the model's name")
    .option('--verdict <id>', 'the gate verdict that allows it')
    .option('--no-guards', 'serve it at once: no verdict, no shadow, no canary')
    .option(
      '--share <percent>',
      'with --no-guards, or where no project declares it: so much of the traffic until somebody decides, e.g. 20%',
      shareOfTraffic,
    )
    .option('--sticky <header>', 'with --share: all requests with the same value of this header go the same way')
    .option('--new-inputs', 'with --no-guards: callers will send other inputs from now on')
    .option('--set <name=value...>', 'how the model runs: batches, time-outs, processes (see below)', [])
    .option('--wait', 'return when the rollout has ended; code 10 where it was not promoted')
    .option('--json', 'print JSON')
    .addHelpText('after', SERVING_WORDS_HELP)
    .action(
      action(async (model: string, options: Options) => {
        const serving = readServingWords(options.set);
        const client = connect(terminal);
        const { id } = await client.deployments.start({
          params: { deployment: options.name ?? nameFor(model) },
          body: {
            version: await wantedVersion(client, model, options),
            model,
            guards: options.guards,
            newInputs: options.newInputs ?? false,
            ...(options.set.length > 0 && { serving }),
            ...(options.verdict !== undefined && { verdictId: options.verdict }),
            ...splitOf(options),
          },
        });
        const rollout = await followed(client, id, options.wait ?? false, terminal);
        const deployment = await client.deployments.get({ params: { deployment: rollout.deployment } });
        if (deployment.lossBudget?.isCounting === false) terminal.err(`The loss budget ${budgetText(deployment)}`);
        terminal.out(
          options.json ? JSON.stringify({ schema: 'capstan/rollout.v1', ...rollout }) : showRollout(rollout),
        );
        if (!options.json && rollout.state === 'promoted') terminal.err(addressesOf(deployment));
        return rollout.endedAt === undefined || rollout.state === 'promoted' ? undefined : exitCodes.no;
      }),
    );
}

/** A deployment is called as its model is, unless that could not stand in an address as it is. */
function nameFor(model: string): string {
  if (deploymentName.safeParse(model).success) return model;
  const near = model.replaceAll(/[^\w.-]+/g, '-').replaceAll(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '') || 'NAME';
  throw new DomainError('INVALID_ARGUMENT', `A deployment cannot be called '${model}'`, {
    field: 'name',
    hint: `Give it a name of letters, digits and . _ -, e.g. --name ${near}.`,
  });
}

/** Where it answers, for whoever wants to ask at once. */
function addressesOf({ name, replicas }: Deployment): string {
  const url = replicas.find(({ isCurrent }) => isCurrent)?.url;
  if (url === undefined) return `No data plane serves ${name} now.`;
  return `It answers at ${url}/v2/models/${name}/infer and ${url}/models/${name}/invocations; see ${url}/models/${name}/docs`;
}

async function wantedVersion(client: Client, model: string, { version, alias }: Options): Promise<number> {
  if (version !== undefined && alias !== undefined) {
    throw new DomainError('INVALID_ARGUMENT', '--version and --alias exclude each other', { field: 'version' });
  }
  if (version !== undefined) return version;
  const params = { model };
  if (alias !== undefined) {
    const { aliases } = await client.registry.getModel({ params });
    const found = aliases.find((known) => known.alias === alias);
    if (found) return found.version;
    throw new DomainError('NOT_FOUND', `The model ${model} has no alias '${alias}'`, {
      field: 'alias',
      hint: `It has: ${aliases.map((known) => known.alias).join(', ') || 'none'}.`,
    });
  }
  const [newest] = (await client.registry.listVersions({ params, query: { limit: 1 } })).items;
  if (newest) return newest.version;
  throw new DomainError('NOT_FOUND', `The model ${model} has no version yet`, {
    field: 'model',
    hint: 'Run its pipeline, or register one with mlflow.',
  });
}

async function followed(client: Client, id: string, isAwaited: boolean, terminal: Terminal): Promise<Rollout> {
  let shown = '';
  for (;;) {
    const rollout = await client.deployments.rollout({ params: { rollout: id } });
    if (!isAwaited || rollout.endedAt !== undefined || isSplit(rollout)) return rollout;
    const stage = `${rollout.state}, stage ${rollout.stage + 1} of ${rollout.plan.length}`;
    const said = [stage, await loadingNote(client, rollout)].filter((text) => text !== '').join(': ');
    if (said !== shown) terminal.err(said);
    shown = said;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Nothing follows by itself: it has its share of the traffic until somebody decides. */
function isSplit({ state, guards, isLive }: Rollout): boolean {
  return state === 'held' && !guards && isLive;
}

/** What the data planes are at that do not serve it yet: an environment of Python takes minutes once. */
async function loadingNote(client: Client, { deployment: name, revision, isLive }: Rollout): Promise<string> {
  if (isLive) return '';
  const { replicas } = await client.deployments.get({ params: { deployment: name } });
  const notes = replicas.flatMap(({ isCurrent, loading }) => (isCurrent ? loading : []));
  return oneLine(notes.find((entry) => entry.revision === revision)?.note ?? '', 120);
}

function showRollout(rollout: Rollout): string {
  const head = `${rollout.id}: revision ${rollout.revision} of ${rollout.deployment} is ${rollout.state}`;
  const reason = rollout.reason === undefined ? '' : ` (${oneLine(rollout.reason, 200)})`;
  if (rollout.judgements.length === 0) return head + reason;
  const judgements = table(
    ['STAGE', 'VERDICT', 'WHY'],
    rollout.judgements.map((judgement) => [judgement.stage + 1, judgement.verdict, oneLine(judgement.reason, 100)]),
  );
  return `${head}${reason}\n\n${judgements}`;
}

function splitOf({ share, sticky }: Options) {
  if (share === undefined && sticky !== undefined) {
    throw new DomainError('INVALID_ARGUMENT', '--sticky goes with --share', { field: 'sticky' });
  }
  return share === undefined ? {} : { split: { share, ...(sticky !== undefined && { sticky: sticky.toLowerCase() }) } };
}

function versionNumber(text: string): number {
  const version = Number(text);
  if (Number.isInteger(version) && version >= 1) return version;
  throw new InvalidArgumentError('Use a whole number from 1.');
}

// Random questions inside MLflow's grammar, right ones and wrong ones. `{run:NAME}` stands for the id there.
import type { Random } from './random.ts';
import * as world from './world.ts';

export type Kind = 'runs' | 'experiments' | 'models' | 'versions' | 'logged';

export interface Question {
  readonly kind: Kind;
  readonly filter: string;
  readonly order: readonly string[];
  readonly pageSize: number;
  readonly view: 'ACTIVE_ONLY' | 'DELETED_ONLY' | 'ALL';
  readonly datasets: readonly { dataset_name: string; dataset_digest: string }[];
}

export const kinds: readonly Kind[] = ['runs', 'experiments', 'models', 'versions', 'logged'];

const numeric = ['=', '!=', '>', '>=', '<', '<='];
/** Where MLflow takes no small letters. */
const capital = ['=', '!=', 'LIKE', 'ILIKE'];
const textual = ['=', '!=', 'LIKE', 'ILIKE', 'like', 'iLike'];

export function ask(random: Random, kind: Kind): Question {
  const clauses = Array.from({ length: random.pick([0, 1, 1, 1, 2, 2, 3]) }, () => clause(random, kind));
  // Of several about prompts MLflow reads the first only.
  const firstPrompt = clauses.findIndex(isAboutPrompts);
  const asked = clauses.filter((text, index) => !isAboutPrompts(text) || index === firstPrompt);
  const filter = asked.join(random.pick([' AND ', ' and ', '  And\n']));
  const order = Array.from({ length: random.pick([0, 0, 1, 1, 2]) }, () => orderTerm(random, kind));
  const datasets =
    kind === 'logged' && random.chance(0.25)
      ? [{ dataset_name: random.pick(world.datasetNames), dataset_digest: random.pick(['d1', 'D2']) }]
      : [];
  return {
    kind,
    filter,
    order,
    pageSize: random.pick([1_000, 1_000, 17, 7, 3]),
    view: random.pick(['ACTIVE_ONLY', 'ACTIVE_ONLY', 'DELETED_ONLY', 'ALL']),
    datasets,
  };
}

function isAboutPrompts(text: string): boolean {
  return text.includes('is_prompt');
}

function clause(random: Random, kind: Kind): string {
  if (random.chance(0.06)) return wrongClause(random, kind);
  switch (kind) {
    case 'runs':
      return runClause(random);
    case 'experiments':
      return experimentClause(random);
    case 'models':
      return modelClause(random);
    case 'versions':
      return versionClause(random);
    case 'logged':
      return loggedClause(random);
  }
}

function quoted(random: Random, text: string): string {
  return text.includes("'") || random.chance(0.2) ? `"${text}"` : `'${text}'`;
}

/** A value that is there, a pattern of it, or one that is not. */
function text(random: Random, values: readonly string[]): string {
  const value = random.pick(values);
  const cut = random.below(value.length + 1);
  const pattern = random.pick(['%', '_', '%%']);
  return quoted(
    random,
    random.pick([
      value,
      value,
      value.slice(0, cut) + pattern,
      pattern + value.slice(cut),
      `%${value.toUpperCase()}%`,
      'zz',
    ]),
  );
}

function number(random: Random): string {
  return random.pick([...world.metricValues.map(String), '-0.5', '1e12', '2.0', '.5', '3']);
}

function key(random: Random, name: string): string {
  if (/^\w+$/.test(name) && random.chance(0.6)) return name;
  return random.chance(0.7) ? `\`${name}\`` : `"${name}"`;
}

function nullTest(random: Random): string {
  return random.pick(['IS NULL', 'IS NOT NULL', 'is null', 'is not null']);
}

function list(random: Random, values: readonly string[]): string {
  const items = Array.from({ length: 1 + random.below(3) }, () => `'${random.pick(values).replaceAll("'", '')}'`);
  return `(${items.join(', ')})`;
}

function runClause(random: Random): string {
  const metric = () =>
    `${random.pick(['metric', 'metrics'])}.${key(random, random.pick(['acc', 'loss', 'f 1', 'none']))}`;
  const param = () =>
    `${random.pick(['param', 'params', 'parameter', 'parameters'])}.${key(random, random.pick(['lr', 'model', 'my param', 'none']))}`;
  const tag = () => `${random.pick(['tag', 'tags'])}.${key(random, random.pick(['team', 'a.b', 'my tag', 'none']))}`;
  const prefix = random.pick(['', 'attribute.', 'attributes.', 'attr.', 'run.']);
  const runIds = world.runNames.map((name) => `{run:${name}}`);
  return random.pick([
    () => `${metric()} ${random.pick(numeric)} ${number(random)}`,
    () => `${metric()} ${random.pick(numeric)} ${number(random)}`,
    () => `${param()} ${random.pick(textual)} ${text(random, world.paramValues)}`,
    () => `${param()} ${nullTest(random)}`,
    () => `${tag()} ${random.pick(textual)} ${text(random, world.tagValues)}`,
    () => `${tag()} ${nullTest(random)}`,
    () => `${prefix}status ${random.pick(textual)} ${text(random, world.statuses)}`,
    () => `${prefix}user_id ${random.pick(textual)} ${text(random, world.users)}`,
    () =>
      `${prefix}${random.pick(['run_name', '`run name`', '"Run name"', '`Run Name`'])} ${random.pick(textual)} ${text(random, world.runNames)}`,
    () =>
      `${prefix}${random.pick(['start_time', 'end_time', 'created', 'Created'])} ${random.pick(numeric)} ${time(random)}`,
    () => `${prefix}run_id ${random.pick(['=', '!='])} '${random.pick(runIds)}'`,
    () => `${prefix}run_id ${random.pick(['IN', 'NOT IN', 'in', 'not in'])} ${list(random, runIds)}`,
    () => `${random.pick(['dataset', 'datasets'])}.name ${random.pick(textual)} ${text(random, world.datasetNames)}`,
    () => `dataset.name ${random.pick(['IN', 'NOT IN'])} ${list(random, world.datasetNames)}`,
    () => `dataset.digest ${random.pick(textual)} ${text(random, ['d1', 'D2'])}`,
    () => `dataset.context ${random.pick(textual)} ${text(random, world.contexts)}`,
    () => `dataset.context ${random.pick(['IN', 'NOT IN'])} ${list(random, world.contexts)}`,
  ])();
}

function time(random: Random): string {
  return String(world.START + random.below(5) * 250_000) + random.pick(['', '', '.5']);
}

function experimentClause(random: Random): string {
  const prefix = random.pick(['', 'attribute.']);
  const tag = () => `${random.pick(['tag', 'tags'])}.${key(random, random.pick(['team', 'kind', 'none']))}`;
  const ids = ['0', '1', '2', '3', '4', '99'];
  return random.pick([
    () => `${prefix}name ${random.pick(capital)} ${text(random, world.experimentNames)}`,
    () => `${prefix}experiment_id ${random.pick(['=', '!='])} '${random.pick(ids)}'`,
    () => `${prefix}experiment_id ${random.pick(['IN', 'NOT IN'])} ${list(random, ids)}`,
    () =>
      `${prefix}${random.pick(['creation_time', 'last_update_time'])} ${random.pick(numeric)} ${random.pick(['0', '1', '9000000000000'])}`,
    () => `${tag()} ${random.pick(capital)} ${text(random, world.tagValues)}`,
    () => `${tag()} ${nullTest(random)}`,
  ])();
}

function tagClause(random: Random): string {
  const tag = `${random.pick(['tag', 'tags'])}.${key(random, random.pick(['team', 'kind', 'none']))}`;
  return `${tag} ${random.pick(textual)} ${text(random, world.tagValues)}`;
}

function promptClause(random: Random): string {
  return `tags.\`mlflow.prompt.is_prompt\` ${random.pick(["!= 'true'", "= 'false'", "= 'true'", "!= 'false'"])}`;
}

function modelClause(random: Random): string {
  const prefix = random.pick(['', 'attribute.']);
  return random.pick([
    () => `${prefix}name ${random.pick(textual)} ${text(random, world.modelNames)}`,
    () => `${prefix}name ${random.pick(['IN', 'NOT IN'])} ${list(random, world.modelNames)}`,
    () => tagClause(random),
    () => tagClause(random),
    () => promptClause(random),
  ])();
}

function versionClause(random: Random): string {
  const prefix = random.pick(['', 'attribute.']);
  const runIds = world.runNames.map((name) => `{run:${name}}`);
  return random.pick([
    () => `${prefix}name ${random.pick(textual)} ${text(random, world.modelNames)}`,
    () => `${prefix}name ${random.pick(['IN', 'NOT IN'])} ${list(random, world.modelNames)}`,
    () => `${prefix}version_number ${random.pick(numeric)} ${random.pick(['1', '2', '3', "'1'", "'2'", '0', '99'])}`,
    () => `${prefix}run_id ${random.pick(['=', '!='])} '${random.pick(runIds)}'`,
    () => `${prefix}run_id ${random.pick(['=', '!='])} ''`,
    () => `${prefix}run_id ${random.pick(['IN', 'NOT IN'])} ${list(random, runIds)}`,
    () => `${prefix}source_path ${random.pick(textual)} ${text(random, world.sources)}`,
    () => tagClause(random),
    () => promptClause(random),
  ])();
}

function loggedClause(random: Random): string {
  const attribute = (name: string) => (random.chance(0.5) ? name : `attributes.${name}`);
  const ids = world.loggedNames.map((name) => `{logged:${name}}`);
  const single = (values: readonly string[]) =>
    text(
      random,
      values.filter((value) => !value.includes("'")),
    ).replaceAll('"', "'");
  const keyOf = (name: string) => (random.chance(0.5) ? name : `\`${name}\``);
  return random.pick([
    () => `metrics.${keyOf(random.pick(['auc', 'rmse', 'none']))} ${random.pick(numeric)} ${number(random)}`,
    () => `params.${keyOf(random.pick(['lr', 'depth', 'none']))} ${random.pick(textual)} ${single(world.paramValues)}`,
    () => `params.${keyOf('lr')} ${random.pick(['IN', 'NOT IN'])} ${list(random, world.paramValues)}`,
    () => `params.lr = ${random.pick(['0.1', '0.01', '1', '7'])}`,
    () => `tags.${keyOf(random.pick(['team', 'kind', 'none']))} ${random.pick(textual)} ${single(world.tagValues)}`,
    () => `${attribute('name')} ${random.pick(textual)} ${single(world.loggedNames)}`,
    () => `${attribute('name')} ${random.pick(['IN', 'NOT IN'])} ${list(random, world.loggedNames)}`,
    () => `${attribute('model_type')} ${random.pick(textual)} ${single(['classifier', 'Agent'])}`,
    () => `${attribute('model_id')} ${random.pick(['=', '!='])} '${random.pick(ids)}'`,
    () => `${attribute('source_run_id')} ${random.pick(['=', '!='])} '{run:${random.pick(world.runNames)}}'`,
    () =>
      `${random.pick(['creation_timestamp', 'creation_time', 'last_updated_timestamp'])} ${random.pick(numeric)} ${random.pick(['0', '1', '9000000000000'])}`,
  ])();
}

/** What both must refuse. */
function wrongClause(random: Random, kind: Kind): string {
  const everywhere = [
    "bogus = 'x'",
    "foo.bar = 'x'",
    'tags.a > 1',
    "tags.team BETWEENN 'x'",
    'tags.team =',
    "tags.team 'x'",
    "(tags.team = 'x'",
    'tags.team = 5 5',
  ];
  const own: Record<Kind, string[]> = {
    runs: [
      "metrics.acc = '1'",
      'metrics.acc = high',
      'params.lr = 1',
      'params.lr = xgb',
      "metrics.acc LIKE '1'",
      'status > 1',
      'status = FINISHED',
      "start_time = 'x'",
      "dataset.source = 'x'",
      'metrics.acc IS NULL',
      "lifecycle_stage = 'active'",
      'dataset.name = 1',
    ],
    experiments: [
      'name > 1',
      "creation_time = 'x'",
      'creation_time > 1.5',
      "experiment_id = 'x'",
      "experiment_id LIKE '1'",
      'metrics.acc > 1',
      'name = 5',
      'name = alpha',
    ],
    models: [
      'metrics.acc > 1',
      'name > 1',
      'creation_timestamp > 1',
      "run_id = 'x'",
      'name = late',
      'last_updated_timestamp > 1',
    ],
    versions: [
      "stage = 'None'",
      "alias = 'x'",
      'creation_timestamp > 1',
      'version_number = 1.5',
      "version_number = 'x'",
      "version_number LIKE '1'",
      'name = 5',
      'run_id > 1',
    ],
    logged: ['metrics.auc = high', "metrics.auc LIKE '1'", "foo.bar = 'x'", 'params.lr > 1', "name > 'x'"],
  };
  return random.pick(random.chance(0.5) ? everywhere : own[kind]);
}

function orderTerm(random: Random, kind: Kind): string {
  const direction = random.pick(['', ' ASC', ' DESC', ' asc', ' desc']);
  if (random.chance(0.04)) return random.pick(['bogus', 'foo.bar DESC', 'name DESC DESC', 'name DOWN']);
  switch (kind) {
    case 'runs':
      return (
        random.pick([
          'metrics.acc',
          'metric.loss',
          'metrics.`f 1`',
          'metrics.none',
          'params.lr',
          'param.`my param`',
          'tags.team',
          'tag.`a.b`',
          'start_time',
          'attributes.end_time',
          'attribute.status',
          'run_name',
          'created',
          'user_id',
        ]) + direction
      );
    case 'experiments':
      return (
        random.pick(['name', 'attribute.name', 'experiment_id', 'creation_time', 'last_update_time', 'tags.x']) +
        direction
      );
    case 'models':
      return random.pick(['name', 'timestamp', 'last_updated_timestamp', 'creation_timestamp']) + direction;
    case 'versions':
      return (
        random.pick(['name', 'version_number', 'creation_timestamp', 'last_updated_timestamp', 'run_id']) + direction
      );
    case 'logged':
      return (
        random.pick([
          'name',
          'model_type',
          'creation_timestamp',
          'creation_time',
          'metrics.auc',
          'metrics.rmse',
          'params.lr',
        ]) + direction
      );
  }
}

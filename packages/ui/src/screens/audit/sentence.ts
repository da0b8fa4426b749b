import type { EventRecord } from '../../app/replies.ts';

export interface Sentence {
  readonly text: string;
  /** Page of the thing it is about. */
  readonly href?: string;
}

type Payload = Readonly<Record<string, unknown>>;
type Teller = (payload: Payload, event: EventRecord) => string;

const at = (payload: Payload, key: string): string => {
  const value = payload[key];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
};
const inside = (payload: Payload, key: string): Payload => (payload[key] ?? {}) as Payload;
const because = (payload: Payload): string => (at(payload, 'reason') === '' ? '' : `: ${at(payload, 'reason')}`);
const versionOf = (payload: Payload): string => `${at(payload, 'model')} v${at(payload, 'version')}`;
const names = (value: unknown, key: string): string =>
  Array.isArray(value) ? [...new Set(value.map((item: Payload) => at(item, key)))].join(', ') : '';

/** What a person wants to know of what happened; facts that are missing here are detail. */
const tellers: Readonly<Record<string, Teller>> = {
  'installation.started': (payload) => `Capstan ${at(payload, 'version')} started`,
  'project.applied': (payload) => `capstan.yaml applied, revision ${at(payload, 'revision')}`,
  'dataset-version.registered': (payload) =>
    `${at(payload, 'dataset')} version ${at(payload, 'number')} registered with ${Number(payload['rows']).toLocaleString('en')} rows`,
  'dataset-version.checked': (payload) =>
    payload['verdict'] === 'accepted'
      ? `${at(payload, 'dataset')} version ${at(payload, 'number')} passed its checks`
      : `${at(payload, 'dataset')} version ${at(payload, 'number')} is in quarantine: ${names(payload['failed'], 'rule')}`,
  'dataset-version.rows-quarantined': (payload) =>
    `${Number(payload['quarantinedRows']).toLocaleString('en')} rows of ${at(payload, 'dataset')} version ${at(payload, 'number')} put into quarantine: ${names(payload['rules'], 'rule')}`,
  'expectation-test.requested': (payload) =>
    `A test of the expectations of ${at(payload, 'dataset')} began, on version ${at(payload, 'number')}`,
  'expectation-test.ended': (payload) =>
    payload['status'] === 'done'
      ? `The expectations of ${at(payload, 'dataset')} found ${at(payload, 'caught')} of ${at(payload, 'injected')} faults`
      : `A test of the expectations of ${at(payload, 'dataset')} failed`,
  'feature-view.materialized': (payload) =>
    payload['status'] === 'succeeded'
      ? `Features ${at(payload, 'view')} brought up to date: ${Number(payload['entities']).toLocaleString('en')} entities`
      : `Features ${at(payload, 'view')} could not be brought up to date${because(payload)}`,
  'feature-view.checked': (payload) =>
    payload['leaks'] === true
      ? `The past of features ${at(payload, 'view')} depends on their future`
      : payload['skewed'] === true
        ? `Features ${at(payload, 'view')} differ between online store and datasets`
        : `Features ${at(payload, 'view')} passed their check`,
  'training-set.made': (payload) => `A training set of ${Number(payload['rows']).toLocaleString('en')} rows made`,
  'experiment.created': (payload) => `Experiment ${at(payload, 'name')} created`,
  'experiment.deleted': (payload) => `An experiment with ${at(payload, 'runs')} runs went into the trash`,
  'experiment.restored': () => 'An experiment came out of the trash',
  'experiment.purged': (payload) => `Experiment ${at(payload, 'name')} purged with ${at(payload, 'runs')} runs`,
  'run.purged': (payload) => `Run ${at(payload, 'name')} purged`,
  'trash.purged': (payload) =>
    `${Number(payload['rows']).toLocaleString('en')} rows and ${Number(payload['bytes']).toLocaleString('en')} bytes purged`,
  'import.started': (payload) => `Import from ${at(payload, 'source')} started`,
  'import.ended': (payload) =>
    `Import from ${at(payload, 'source')} ended: ${Number(inside(payload, 'counts')['runs'] ?? 0).toLocaleString('en')} runs`,
  'run.ended': (payload) => `A run ${at(payload, 'status').toLowerCase()}`,
  'model-version.created': (payload) => `${versionOf(payload)} registered`,
  'model-alias.set': (payload) =>
    `${at(payload, 'model')}@${at(payload, 'alias')} now means version ${at(payload, 'to')}${because(payload)}`,
  'model-alias.removed': (payload) => `${at(payload, 'model')}@${at(payload, 'alias')} removed${because(payload)}`,
  'model-version.approved': (payload) => `${versionOf(payload)} approved as ${at(payload, 'role')}${because(payload)}`,
  'verdict.given': (payload) => `The gates say ${at(payload, 'status')} to ${versionOf(payload)}`,
  'pipeline-run.reported': (payload) => `Pipeline run ${at(payload, 'number')} began on ${at(payload, 'host')}`,
  'pipeline-run.started': (payload) => `Pipeline run ${at(payload, 'number')} started`,
  'pipeline-run.ended': (payload) =>
    `Pipeline run ${at(payload, 'number')} ${at(payload, 'outcome')}${because(payload)}`,
  'batch-prediction.started': (payload) => `Batch prediction by ${versionOf(payload)} started`,
  'batch-prediction.ended': (payload) =>
    `Batch prediction by ${versionOf(payload)} ${at(payload, 'outcome')}, ${Number(payload['rows']).toLocaleString('en')} rows${because(payload)}`,
  'sweep.started': (payload) => `Sweep ${at(payload, 'number')} started: ${at(payload, 'method')}`,
  'sweep.ended': (payload) => `Sweep ${at(payload, 'number')} ${at(payload, 'outcome')}${because(payload)}`,
  'deployment.created': (payload) => `Deployment ${at(payload, 'deployment')} created`,
  'rollout.started': (payload) =>
    `Rollout of revision ${at(payload, 'revision')} of ${at(payload, 'deployment')} started`,
  'rollout.stage-entered': (payload) =>
    `Rollout of ${at(payload, 'deployment')} entered ${at(payload, 'kind')}${shareOf(payload)}`,
  'rollout.held': (payload) => `Rollout of ${at(payload, 'deployment')} held${because(payload)}`,
  'rollout.resumed': (payload) => `Rollout of ${at(payload, 'deployment')} resumed${because(payload)}`,
  'rollout.share-changed': (payload) =>
    `Rollout of ${at(payload, 'deployment')} now${shareOf(payload)}${because(payload)}`,
  'rollout.ended': (payload) => `Rollout of ${versionOf(payload)} ended, ${at(payload, 'outcome')}${because(payload)}`,
  'deployment.rolled-back': (payload) =>
    `${at(payload, 'deployment')} went back to revision ${at(payload, 'to')}${because(payload)}`,
  'deployment.recalibrated': (payload) =>
    `${at(payload, 'deployment')} recalibrated: log odds of revision ${at(payload, 'revision')} moved by ${Number(payload['shift']).toFixed(3)}`,
  'breaker.opened': (payload) => `Breaker of ${at(payload, 'deployment')} opened${because(payload)}`,
  'replica.differed': (payload) => `Replica ${at(payload, 'replica')} differs${because(payload)}`,
  'replica.withheld': (payload) =>
    `Replica ${at(payload, 'replica')} gets no requests for ${at(payload, 'deployment')}${because(payload)}`,
  'replica.restored': (payload) => `Replica ${at(payload, 'replica')} answers for ${at(payload, 'deployment')} again`,
  'replica.agreed': (payload) => `Replica ${at(payload, 'replica')} agrees again`,
  'breaker.closed': (payload) => `Breaker of ${at(payload, 'deployment')} closed${because(payload)}`,
  'monitor-window.judged': (payload) => `${at(payload, 'monitor')} judged a window${because(payload)}`,
  'monitor-alert.raised': (payload) => `${at(payload, 'monitor')} raised an alert${because(payload)}`,
  'monitor-alert.resolved': (payload) => `The alert of ${at(payload, 'monitor')} was resolved${because(payload)}`,
  'debt-item.found': (payload) => `Debt found: ${at(payload, 'title')}${because(payload)}`,
  'debt-item.repaid': (payload) => `Debt repaid: ${at(payload, 'title')}`,
  'cycle.started': (payload) => `Cycle ${at(payload, 'number')} began: ${at(inside(payload, 'trigger'), 'reason')}`,
  'cycle.not-started': (payload) => `A cycle was held back${because(payload)}`,
  'consumer.created': (payload) => `Consumer ${at(payload, 'consumer')} of ${at(payload, 'owner')} declared`,
  'consumer.changed': (payload) => `Consumer ${at(payload, 'consumer')} changed`,
  'consumer.retired': (payload) => `Consumer ${at(payload, 'consumer')} is declared no more`,
  'consumer-token.issued': (payload) => `Token ${at(payload, 'token')}… issued to ${at(payload, 'consumer')}`,
  'consumer-token.revoked': (payload) =>
    `Token ${at(payload, 'token')}… of ${at(payload, 'consumer')} revoked${because(payload)}`,
  'deployment.callers-set': (payload) =>
    `${at(payload, 'deployment')} may be called by ${payload['callers'] === 'open' ? 'anybody' : 'declared consumers only'}`,
  'webhook.created': (payload) => `Webhook ${at(payload, 'name')} added: ${at(payload, 'host')} hears of models`,
  'webhook.deleted': (payload) => `Webhook ${at(payload, 'name')} removed`,
  'webhook-delivery.failed': (payload) =>
    `A webhook was not told of ${at(payload, 'event')} after ${at(payload, 'tries')} tries${because(payload)}`,
  'cycle.ended': (payload) => `Cycle ${at(payload, 'number')} ended, ${at(payload, 'outcome')}${because(payload)}`,
};

function shareOf(payload: Payload): string {
  return payload['kind'] === 'canary' ? ` at ${Math.round(Number(payload['share']) * 1_000) / 10} %` : '';
}

/** True for facts that say something to a person who did not ask for detail. */
export function isNews(event: EventRecord): boolean {
  return (
    event.type in tellers &&
    ![
      'experiment.created',
      'run.purged',
      'trash.purged',
      'run.ended',
      'deployment.created',
      'monitor-window.judged',
    ].includes(event.type)
  );
}

/** A fact in words, with the page of what it is about. Facts without words of their own are told by their name. */
export function sentenceOf(event: EventRecord): Sentence {
  const text = tellers[event.type]?.(event.payload, event) ?? event.type.replaceAll(/[.-]/g, ' ');
  const href = placeOf(event);
  return href === undefined ? { text } : { text, href };
}

const folders: Readonly<Record<string, string>> = {
  project: 'projects',
  'dataset-version': 'dataset-versions',
  experiment: 'experiments',
  run: 'runs',
  model: 'models',
  consumer: 'consumers',
  webhook: 'webhooks',
  'pipeline-run': 'pipeline-runs',
  deployment: 'deployments',
  rollout: 'rollouts',
  prediction: 'predictions',
  verdict: 'verdicts',
};

/** What a project has, told as `PROJECT/NAME`. */
const listsOfProjects: Readonly<Record<string, string>> = { monitor: 'monitors', 'feature-view': 'features' };

/** Address of the subject of a fact, or of the turn it belongs to. */
function placeOf(event: EventRecord): string | undefined {
  const [kind = '', ...rest] = event.subject.split(':');
  const id = rest.join(':');
  if (kind === 'model-version') {
    const [model, version] = splitLast(id);
    return `/models/${encodeURIComponent(model)}/versions/${version}`;
  }
  if (kind === 'debt-item' && event.project !== undefined) return `/projects/${encodeURIComponent(event.project)}/debt`;
  const list = listsOfProjects[kind];
  if (list !== undefined) {
    const [project, name] = splitLast(id);
    return `/projects/${encodeURIComponent(project)}/${list}/${encodeURIComponent(name)}`;
  }
  if (kind === 'cycle' && event.project !== undefined)
    return `/projects/${event.project}/cycles/${encodeURIComponent(id)}`;
  const folder = folders[kind];
  return folder === undefined ? undefined : `/${folder}/${encodeURIComponent(id)}`;
}

/** `late-arrival/7` → name and number. */
function splitLast(id: string): readonly [string, string] {
  const slash = id.lastIndexOf('/');
  return [id.slice(0, slash), id.slice(slash + 1)];
}

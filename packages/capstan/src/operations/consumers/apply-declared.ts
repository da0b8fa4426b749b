import type { Writer } from '#database';
import type { Cause } from '#kernel/cause';
import type { ConsumersDeps } from './deps.ts';
import { BY_HAND, changedFields, declaredConsumers, type ConsumerFields } from './model.ts';
import * as store from './store.ts';

type Deps = ConsumersDeps & { publish(writer: Writer): Promise<void> };

/**
 * Makes the consumers and the policy of a project's declaration so. One that was made by hand becomes the project's with its
 * tokens; one that is declared no more is retired: its tokens are not taken until it is declared again.
 */
export async function applyDeclared(deps: Deps, project: string, cause: Cause): Promise<void> {
  const { declaration } = await deps.projects.get(project);
  await deps.database.write(async (writer) => {
    const declared = declaredConsumers(declaration);
    let isChanged = await keepPolicies(deps, writer, project, declaration.deployment, cause);
    for (const [name, fields] of declared) {
      isChanged = (await keepConsumer(deps, writer, { name, project, fields }, cause)) || isChanged;
    }
    for (const row of await store.listConsumers(writer, project)) {
      if (declared.has(row.name) || row.is_retired === 1) continue;
      await store.updateConsumer(writer, row.name, { isRetired: true });
      await deps.events.append(writer, cause, {
        type: 'consumer.retired',
        project,
        subject: `consumer:${row.name}`,
        payload: { consumer: row.name },
      });
      isChanged = true;
    }
    if (isChanged) await deps.publish(writer);
  });
}

async function keepConsumer(
  { events, clock }: Deps,
  writer: Writer,
  wanted: { readonly name: string; readonly project: string; readonly fields: ConsumerFields },
  cause: Cause,
): Promise<boolean> {
  const { name, project, fields } = wanted;
  const before = await store.findConsumer(writer, name);
  const of = { project, subject: `consumer:${name}` };
  if (!before) {
    await store.insertConsumer(writer, { name, project, ...fields, createdAt: clock.now() });
    const payload = { consumer: name, owner: fields.owner };
    await events.append(writer, cause, { ...of, type: 'consumer.created', payload });
    return true;
  }
  const changed = [
    ...changedFields(store.fieldsIn(before), fields),
    ...(before.project === project ? [] : ['project']),
    ...(before.is_retired === 1 ? ['isRetired'] : []),
  ];
  if (changed.length === 0) return false;
  await store.updateConsumer(writer, name, { ...fields, project, isRetired: false });
  await events.append(writer, cause, { ...of, type: 'consumer.changed', payload: { consumer: name, changed } });
  return true;
}

/** Of the deployment that is declared, and of one that is no more. */
async function keepPolicies(
  { events }: Deps,
  writer: Writer,
  project: string,
  declared: { readonly name: string; readonly callers: store.PolicyRow['callers'] } | undefined,
  cause: Cause,
): Promise<boolean> {
  const wanted: store.PolicyRow[] = (await store.policiesOf(writer, project))
    .filter(({ deployment }) => deployment !== declared?.name)
    .map(({ deployment, callers }) => ({ deployment, project: BY_HAND, callers }));
  if (declared) wanted.push({ deployment: declared.name, project, callers: declared.callers });
  let isChanged = false;
  for (const row of wanted) {
    const before = await store.findPolicy(writer, row.deployment);
    if (before?.callers === row.callers && before.project === row.project) continue;
    await store.keepPolicy(writer, row);
    if ((before?.callers ?? 'open') === row.callers) continue;
    await events.append(writer, cause, {
      type: 'deployment.callers-set',
      project,
      subject: `deployment:${row.deployment}`,
      payload: { deployment: row.deployment, callers: row.callers },
    });
    isChanged = true;
  }
  return isChanged;
}

import type { Writer } from '#database';
import type { Cause } from '#kernel/cause';
import { inProject } from './model.ts';
import { publish } from './publish.ts';
import type { DeploymentsDeps, KnownBaseline } from './deps.ts';
import * as store from './store.ts';

/** Keeps the baseline's probability where none is known yet. */
export async function setBaseline(
  deps: DeploymentsDeps,
  name: string,
  baseline: KnownBaseline,
  cause: Cause,
): Promise<void> {
  await deps.database.write(async (writer) => {
    const row = await store.getDeployment(writer, name);
    if (row && (await keepBaseline(deps, writer, row, baseline, cause))) await publish(writer);
  });
}

/** The same in the caller's transaction, which publishes. False where one is known. */
export async function keepBaseline(
  deps: DeploymentsDeps,
  writer: Writer,
  row: store.DeploymentRow,
  { probability, source }: KnownBaseline,
  cause: Cause,
): Promise<boolean> {
  if (row.baseline_probability !== null) return false;
  await store.updateDeployment(writer, row.name, { baseline_probability: probability });
  await deps.events.append(writer, cause, {
    ...inProject(row.project),
    subject: `deployment:${row.name}`,
    type: 'deployment.baseline-set',
    payload: { deployment: row.name, probability, source },
  });
  return true;
}

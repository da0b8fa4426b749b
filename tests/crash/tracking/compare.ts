// Compares what is on a server with what its clients were told.
import { MODEL, fileAddress, type Ledger } from './workload.ts';

const core = '/api/2.0/mlflow';
const POINTS = 20;
/** Histories are read one by one: of those that were told, so many. */
const MOST_HISTORIES = 150;

interface Run {
  readonly data: { readonly metrics?: KeyOf[]; readonly params?: KeyOf[]; readonly tags?: KeyOf[] };
}
interface KeyOf {
  readonly key: string;
}

/** What is lost, torn or there twice, in words; nothing where all is well. */
export async function compare(url: string, ledger: Ledger): Promise<string[]> {
  const wrong = [...ledger.surprises];
  const runs = new Map<string, Run>();
  for (const id of ledger.runs) {
    const run = await get<{ run: Run }>(url, `${core}/runs/get?run_id=${id}`);
    if (run) runs.set(id, run.run);
    else wrong.push(`lost: run ${id}`);
  }
  wrong.push(...(await batchesWrong(url, ledger, runs)));
  for (const { what, isTold } of ledger.files) {
    const answer = await fetch(`${url}${fileAddress(what)}`);
    const text = await answer.text();
    if (answer.ok ? text !== what.text : isTold) wrong.push(`${answer.ok ? 'torn' : 'lost'}: file ${what.path}`);
  }
  wrong.push(...(await versionsWrong(url, ledger)));
  return wrong;
}

async function batchesWrong(url: string, ledger: Ledger, runs: ReadonlyMap<string, Run>): Promise<string[]> {
  const wrong: string[] = [];
  let histories = 0;
  for (const { what, isTold } of ledger.batches.toReversed()) {
    const { metrics, params, tags } = runs.get(what.run)?.data ?? {};
    const parts = [metrics, params, tags].map((list) => list?.some(({ key }) => key === what.key) === true);
    const isThere = parts.every(Boolean);
    if (isTold && !isThere) wrong.push(`lost: batch ${what.key} (metric, param, tag: ${parts.join(', ')})`);
    else if (parts.some(Boolean) && !isThere) wrong.push(`torn: batch ${what.key}`);
    if (!isThere || (isTold && ++histories > MOST_HISTORIES)) continue;
    const path = `${core}/metrics/get-history?run_id=${what.run}&metric_key=${what.key}`;
    const count = (await get<{ metrics?: unknown[] }>(url, path))?.metrics?.length ?? 0;
    if (count !== POINTS) wrong.push(`torn or twice: batch ${what.key} has ${count} of ${POINTS} points`);
  }
  return wrong;
}

async function versionsWrong(url: string, ledger: Ledger): Promise<string[]> {
  const wrong: string[] = [];
  const found = await get<{ model_versions?: { version: string; tags?: { key: string; value: string }[] }[] }>(
    url,
    `${core}/model-versions/search?filter=${encodeURIComponent(`name='${MODEL}'`)}&max_results=100000`,
  );
  const byTag = new Map<string, string[]>();
  for (const { version, tags } of found?.model_versions ?? []) {
    const tag = tags?.[0]?.value ?? '';
    byTag.set(tag, [...(byTag.get(tag) ?? []), version]);
  }
  for (const { what, isTold } of ledger.versions) {
    const there = byTag.get(what.tag) ?? [];
    if (there.length > 1) wrong.push(`twice: version of ${what.tag}`);
    if (isTold && there[0] !== what.version) wrong.push(`lost: version ${what.version} of ${what.tag}`);
  }
  return wrong;
}

async function get<Answer>(url: string, path: string): Promise<Answer | null> {
  const answer = await fetch(`${url}${path}`);
  return answer.ok ? ((await answer.json()) as Answer) : null;
}

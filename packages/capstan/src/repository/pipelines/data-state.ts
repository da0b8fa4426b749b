import { hashContent } from '../tree/content.ts';
import { isInCache } from '../cache/is-in-cache.ts';
import type { Repository } from '../open.ts';
import type { DataNode, WhyStage } from './model.ts';

/** How tracked data differs from what its `.dvc` file records. */
export async function dataChanges(repository: Repository, { outputs }: DataNode): Promise<WhyStage[]> {
  const why: WhyStage[] = [];
  for (const { path: subject, output } of outputs) {
    const { md5, scheme } = output;
    if (md5 !== undefined && output.isCached && !isInCache(repository, { md5, scheme })) {
      const isThere = (await hashContent(repository, subject, { scheme })) !== undefined;
      why.push({ kind: 'output', subject, change: isThere ? 'not in cache' : 'deleted' });
      continue;
    }
    const now = await hashContent(repository, subject, { scheme });
    if (!now) why.push({ kind: 'output', subject, change: 'deleted' });
    else if (now.content.md5 !== md5)
      why.push({ kind: 'output', subject, change: md5 === undefined ? 'new' : 'modified' });
  }
  return why;
}

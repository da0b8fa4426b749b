import type { DatasetUsage, Explanation, Replay, RunLineage, ServingRole } from '@capstan/api';
import type { LineageDeps } from './deps.ts';
import { explain } from './explain.ts';
import { replay } from './replay.ts';
import { runLineage } from './run-lineage.ts';
import { usageOf } from './usage.ts';

export interface Lineage {
  /** See `explain`. */
  explain(id: string, role?: ServingRole): Promise<Explanation>;
  /** See `replay`. */
  replay(request: {
    readonly id: string;
    readonly role?: ServingRole | undefined;
    readonly signal?: AbortSignal | undefined;
  }): Promise<Replay>;
  /** See `runLineage`. */
  ofRun(id: string): Promise<RunLineage>;
  /** See `usageOf`. */
  usage(versionId: string): Promise<DatasetUsage>;
}

export function createLineage(deps: LineageDeps): Lineage {
  return {
    explain: (id, role) => explain(deps, id, role),
    replay: (request) => replay(deps, request),
    ofRun: (id) => runLineage(deps, id),
    usage: (versionId) => usageOf(deps, versionId),
  };
}

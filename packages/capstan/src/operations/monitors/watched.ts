import type { Deployment, MonitorWindow } from '@capstan/api';
import type { Watch } from './model.ts';
import type { Window } from './window.ts';

/** A deployment that a project declares: only such are watched. */
export type WatchedDeployment = Deployment & { readonly project: string };

/** One window of one watch that is to be judged. */
export interface Watched {
  readonly watch: Watch;
  readonly deployment: WatchedDeployment;
  readonly window: Window;
}

/** What came of it. */
export type Judged = Pick<
  MonitorWindow,
  'verdict' | 'reason' | 'n' | 'revision' | 'modelVersion' | 'columns' | 'performance'
>;

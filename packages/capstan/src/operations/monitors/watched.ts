import type { Deployment, MonitorWindow } from '@capstan/api';
import type { Watch } from './model.ts';
import type { Window } from './window.ts';

/** One window of one watch that is to be judged. */
export interface Watched {
  readonly watch: Watch;
  readonly deployment: Deployment;
  readonly window: Window;
}

/** What came of it. */
export type Judged = Pick<
  MonitorWindow,
  'verdict' | 'reason' | 'n' | 'revision' | 'modelVersion' | 'columns' | 'performance'
>;

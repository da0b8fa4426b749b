import type { Client } from '@capstan/client';
import type { DemoServer } from './server.ts';
import type { World } from './world.ts';

export const PROJECT = 'flight-delays';
export const DEPLOYMENT = 'late-arrival';

/** What every scene of the demo plays on. */
export interface Stage {
  readonly client: Client;
  readonly server: DemoServer;
  readonly world: World;
  /** Folder of the example as it came. */
  readonly example: string;
  /** The project's own folder, in which files land month by month. */
  readonly project: string;
  /** What the demo keeps of its own: features of the year, answers. */
  readonly notes: string;
  readonly isUnguarded: boolean;
}

// The composition root of what goes between a control plane and folders that serve without one.
import { connectControlPlane } from '#operations/serving';
import { buildFolder, keptSegments, type BuiltFolder } from '#standalone';
import { version } from './version.ts';

interface Build {
  readonly deployment: string;
  /** Absolute. */
  readonly output: string;
  readonly isForced: boolean;
  readonly withParquet: boolean;
  readonly signal: AbortSignal;
}

/** Writes a deployment of a control plane as a folder. See `buildFolder`. */
export async function buildDeployment(url: string, build: Build): Promise<BuiltFolder> {
  return await buildFolder({ ...build, version, controlPlane: connectControlPlane(url) });
}

/** Hands all that was logged below a data folder to a control plane, which takes each segment once. Returns how many. */
export async function importPredictions(url: string, data: string): Promise<number> {
  const controlPlane = connectControlPlane(url);
  const segments = await keptSegments(data);
  for (const segment of segments) await controlPlane.sendSegment(segment.id, segment.replica, segment.path);
  return segments.length;
}

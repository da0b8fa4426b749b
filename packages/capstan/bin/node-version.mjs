// Which Node.js Capstan needs. Must run on old versions, like whatever imports it.
export const MINIMUM_MAJOR = 24;

/** True when the running Node.js is new enough. */
export function isNodeNewEnough() {
  return Number(process.versions.node.split('.')[0]) >= MINIMUM_MAJOR;
}

export { database } from '#database';

export const at = performance.now();

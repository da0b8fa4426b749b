export { database } from '#database';

export const at = new Date();

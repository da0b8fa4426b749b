export { database } from '#database';

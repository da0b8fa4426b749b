export { openDatabase } from '#database';

export { database } from '../database/index.ts';

export { databaseTest } from '#database/testing';

export { client } from '@capstan/client';

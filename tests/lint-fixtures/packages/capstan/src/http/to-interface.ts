export { App } from '@capstan/ui';

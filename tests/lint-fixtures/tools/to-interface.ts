export { App } from '../packages/ui/src/main.ts';

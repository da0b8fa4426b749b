export { experiments } from '../../experiments/index.ts';

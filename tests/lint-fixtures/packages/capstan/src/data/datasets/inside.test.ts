export { experiments } from '../../model/experiments/index.ts';

export { experiments } from '#model/experiments';

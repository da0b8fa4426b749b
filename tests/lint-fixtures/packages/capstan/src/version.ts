export { jobs } from '#jobs';

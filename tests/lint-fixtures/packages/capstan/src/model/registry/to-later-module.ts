export { gates } from '#model/gates';

export { system } from '#system';

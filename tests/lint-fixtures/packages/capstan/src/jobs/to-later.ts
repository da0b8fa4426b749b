export { events } from '#events';

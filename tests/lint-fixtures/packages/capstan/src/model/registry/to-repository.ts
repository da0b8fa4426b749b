export { addData } from '#repository';

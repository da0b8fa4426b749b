export { registry } from '#model/registry';

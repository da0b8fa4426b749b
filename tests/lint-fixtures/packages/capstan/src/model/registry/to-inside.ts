export { service } from '#model/experiments/service';

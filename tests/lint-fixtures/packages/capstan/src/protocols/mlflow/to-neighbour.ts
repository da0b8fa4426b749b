export { dvc } from '#protocols/dvc';

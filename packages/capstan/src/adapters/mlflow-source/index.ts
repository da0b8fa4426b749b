// MLflow's data as a tracking source: a running server, its database, or the folder of its file store.
// The only place that knows how MLflow keeps and tells its data. Built by wiring for `capstan import mlflow`.
export { openMlflowSource, type MlflowSourceOptions } from './open-mlflow-source.ts';

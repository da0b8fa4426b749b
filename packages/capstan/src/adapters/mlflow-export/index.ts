// A folder that `mlflow server` opens: MLflow's database with every id and time as it is, and the files beside it.
// The only place that knows how MLflow's database is written. Built by trackers.ts for `capstan export mlflow`.
export { createMlflowExport } from './create-mlflow-export.ts';

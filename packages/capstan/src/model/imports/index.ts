// What is brought from other trackers: which experiment here stands for one there, and which objects are here whole.
// Owns the memory of earlier imports, so that the next one goes on where the last one ended and brings only what is new.
// Does not know how other trackers keep their data (adapters/mlflow-source) nor what a run or model is (experiments and
// registry store them). Called by the native routes, which `capstan import` calls.
export { createImports, type Imports } from './service.ts';
export { importRoutes } from './routes.ts';

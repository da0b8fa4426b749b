// MLflow's scoring protocol (`/invocations`, `/ping`) over the data plane, in its JSON forms. Owns wire format and error
// shape only: what answers is the data plane. Called by the composition root serving.ts.
export { mlflowScoringRoutes } from './routes.ts';
export { mlflowScoringError } from './error-shape.ts';

// What a person should see to, of all projects at once: from the state of deployments and their replicas, monitors, data,
// pipelines and cycles. Owns no table and no fact; the bar of the interface, its overview and pages of projects ask it.
export { createNeeds, type Needs, type NeedsDeps } from './service.ts';
export { needsRoutes } from './routes.ts';

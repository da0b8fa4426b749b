// Registered models, their versions, aliases with full history, and what a verdict is.
// Owns version numbers (never used twice), which files a version stands for, and the rule that promotion needs a verdict.
// Does not judge models (gates) nor serve them (deployments). Called by protocols/mlflow, the native routes, gates,
// deployments and retraining.
export { createRegistry, type ModelRegistry } from './service.ts';
export { versionNumber, type NewVersion } from './versions.ts';
export { versionReferences } from './version.store.ts';
export { checkModelName } from './naming.ts';
export type { ForeignModel, ForeignVersion, ImportedModel } from './importing/import-model.ts';
export { registryRoutes } from './routes.ts';
export * from './model.ts';

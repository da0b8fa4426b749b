// Lineage: from one answer back to everything that led to it, and the same answer asked for again.
// Owns no facts and no tables: it reads what the modules above have recorded, and says where a record is missing.
// Called by the routes.
export { createLineage, type Lineage } from './service.ts';
export { lineageRoutes } from './routes.ts';
export type { LineageDeps } from './deps.ts';

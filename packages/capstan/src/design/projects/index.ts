// Projects: what `capstan.yaml` declares, by revision, and the folder it stands in.
// Owns the charter and the declaration as a whole; what a part of it means is the business of the module it concerns.
// Called by every module below for its own part; knows none of them.
export { createProjects, type Applied, type ApplyRequest, type Projects } from './service.ts';
export type { Project, ProjectRevision } from './model.ts';
export { projectRoutes } from './routes.ts';
export { openInside, type ProjectFile } from './project-folder.ts';

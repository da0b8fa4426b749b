import { capstanYamlJsonSchema, routes } from '@capstan/api';
import { bind, bindRaw, type BoundRoute } from '#http';
import type { Project } from './model.ts';
import type { Projects } from './service.ts';

export function projectRoutes(projects: Projects): BoundRoute[] {
  const jsonSchema = JSON.stringify(capstanYamlJsonSchema());
  return [
    bind(routes.projects.apply, async ({ body }, { cause }) => {
      const applied = await projects.apply({ ...body, cause });
      return { ...applied, dryRun: body.dryRun, changes: [...applied.changes] };
    }),
    bind(routes.projects.list, async () => ({ items: (await projects.list()).map(summaryOf) })),
    bind(routes.projects.get, async ({ params }) => {
      const project = await projects.get(params.project);
      const { folder, declaration, written } = project;
      return { ...summaryOf(project), folder, declaration, written };
    }),
    bind(routes.projects.revisions, async ({ params }) => {
      const revisions = await projects.revisions(params.project);
      return { items: revisions.map((revision) => ({ ...revision, changes: [...revision.changes] })) };
    }),
    bindRaw(routes.projects.jsonSchema, async () => ({
      status: 200,
      headers: { 'content-type': 'application/schema+json' },
      body: jsonSchema,
    })),
  ];
}

function summaryOf({ name, charter, revision, createdAt, appliedAt }: Project) {
  return { name, owner: charter.owner, decision: charter.decision, revision, createdAt, appliedAt };
}

import { expectationSuite, type ExpectationSuite } from '@capstan/api';
import type { Projects } from '#design/projects';
import { sha256 } from '#kernel/digest';
import { parseLocatedYaml } from '#kernel/located-yaml';

export interface LoadedSuite {
  readonly path: string;
  /** SHA-256 of the file's text. */
  readonly digest: string;
  readonly suite: ExpectationSuite;
}

/**
 * Reads the expectations of a dataset as they stand now; null where it declares none.
 * @throws DomainError INVALID_ARGUMENT naming file, line and column; NOT_FOUND for an unknown project
 */
export async function loadSuite(projects: Projects, project: string, dataset: string): Promise<LoadedSuite | null> {
  const path = (await projects.get(project)).declaration.datasets[dataset]?.expectations;
  if (path === undefined) return null;
  const text = await projects.readText(project, path);
  return { path, digest: sha256(text), suite: parseLocatedYaml(path, text, expectationSuite).value };
}

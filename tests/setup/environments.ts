// A folder for the Python environments that servers under test build: the same one is built once for the run, and used by
// the others, as on a machine with several servers.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    /** For `CAPSTAN_ENVIRONMENTS`. */
    environments: string;
  }
}

export default function setup(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'capstan-environments-'));
  project.provide('environments', folder);
  return () => rmSync(folder, { recursive: true, force: true });
}

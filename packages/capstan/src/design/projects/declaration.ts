import { capstanYaml, expectationSuite, type Declaration } from '@capstan/api';
import { tickAfter } from '#jobs';
import { DomainError, messageOf } from '#kernel/errors';
import { parseLocatedYaml, type LocatedYaml } from '#kernel/located-yaml';
import { MAX_YAML_BYTES } from '#kernel/yaml-limits';
import { openInside } from './project-folder.ts';

export const DECLARATION_FILE = 'capstan.yaml';

export interface ReadDeclaration {
  readonly declaration: Declaration;
  readonly written: Readonly<Record<string, unknown>>;
}

/**
 * Reads `capstan.yaml` and the files it names, so that a mistake is found now and not by tonight's retraining.
 * @throws DomainError INVALID_ARGUMENT that names file, line and column
 */
export async function readDeclaration(folder: string, text: string): Promise<ReadDeclaration> {
  const yaml = parseLocatedYaml(DECLARATION_FILE, text, capstanYaml);
  const { pipeline, datasets, features, retrain } = yaml.value;
  if (pipeline !== undefined) await readNamed(folder, pipeline, yaml, ['pipeline']);
  for (const [name, { expectations }] of Object.entries(datasets)) {
    if (expectations === undefined) continue;
    const suite = await readNamed(folder, expectations, yaml, ['datasets', name, 'expectations']);
    parseLocatedYaml(expectations, suite, expectationSuite);
  }
  for (const [name, { sql }] of Object.entries(features)) await readNamed(folder, sql, yaml, ['features', name, 'sql']);
  for (const [index, trigger] of (retrain?.on ?? []).entries()) {
    if (typeof trigger !== 'object') continue;
    try {
      tickAfter(trigger.schedule, retrain?.time_zone ?? 'UTC', 0);
    } catch (error) {
      throw yaml.fault(
        ['retrain', 'on', index, 'schedule'],
        messageOf(error),
        error instanceof DomainError ? error.hint : undefined,
      );
    }
  }
  return { declaration: yaml.value, written: yaml.written as Record<string, unknown> };
}

/** @throws DomainError INVALID_ARGUMENT */
export async function readText(folder: string, path: string): Promise<string> {
  const { handle, sizeBytes } = await openInside(folder, path);
  try {
    if (sizeBytes > MAX_YAML_BYTES) {
      throw new DomainError('INVALID_ARGUMENT', `${path} has ${sizeBytes} bytes; at most ${MAX_YAML_BYTES} are read`, {
        field: path,
      });
    }
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

async function readNamed(
  folder: string,
  path: string,
  yaml: LocatedYaml<typeof capstanYaml>,
  place: readonly PropertyKey[],
): Promise<string> {
  try {
    return await readText(folder, path);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    throw yaml.fault(place, error.message, error.hint);
  }
}

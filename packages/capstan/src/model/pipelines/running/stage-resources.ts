import { bytesIn } from '#kernel/byte-size';
import { invalid } from '#kernel/errors';
import { nearest } from '#kernel/nearest';
import type { ParamValue, Stage } from '#kernel/pipeline-definition';
import type { Resources } from '#ports/executor';

const KEYS = ['cpus', 'gpus', 'memory'] as const;
/**
 * What a stage declares that it needs, under `meta: {resources: {cpus: 2, gpus: 1, memory: 8GiB}}` of dvc.yaml; empty where
 * it declares nothing. Pure.
 * @throws DomainError INVALID_ARGUMENT naming the key
 */
export function resourcesOf(stage: Stage): Resources {
  const { meta } = stage;
  const declared = isMap(meta) ? meta.get('resources') : undefined;
  if (!isMap(declared)) return {};
  const field = (key: string) => `stages.${stage.name}.meta.resources.${key}`;
  for (const key of declared.keys()) {
    if (KEYS.some((known) => known === key)) continue;
    const suggestion = nearest(String(key), KEYS);
    throw invalid(`The stage '${stage.name}' asks for the resource '${String(key)}', which is not known`, {
      field: field(String(key)),
      hint: suggestion === undefined ? `Known are ${KEYS.join(', ')}.` : `Did you mean ${suggestion}?`,
    });
  }
  const amount = (key: 'cpus' | 'gpus', isFit: (value: number) => boolean, what: string): number | undefined => {
    const value = declared.get(key);
    if (value === undefined) return undefined;
    const count = typeof value === 'bigint' || typeof value === 'number' ? Number(value) : Number.NaN;
    if (isFit(count)) return count;
    throw invalid(`The stage '${stage.name}' asks for ${key} that are no ${what}`, { field: field(key) });
  };
  const cpus = amount('cpus', (count) => count > 0 && count <= MOST, 'number above 0');
  const gpus = amount('gpus', (count) => Number.isInteger(count) && count >= 0 && count <= MOST, 'whole number');
  const memory = declared.get('memory');
  return {
    ...(cpus !== undefined && { cpus }),
    ...(gpus !== undefined && { gpus }),
    ...(memory !== undefined && { memoryBytes: bytesOf(memory, stage.name, field('memory')) }),
  };
}

const MOST = 1_000_000;

function bytesOf(value: ParamValue, stage: string, field: string): number {
  const bytes =
    typeof value === 'string' || typeof value === 'bigint' || typeof value === 'number'
      ? bytesIn(String(value))
      : undefined;
  if (bytes !== undefined) return bytes;
  throw invalid(`The stage '${stage}' asks for memory that is no amount of bytes`, {
    field,
    hint: 'Write bytes as a number, or e.g. 500MB or 8GiB.',
  });
}

function isMap(value: ParamValue | undefined): value is ReadonlyMap<string, ParamValue> {
  return value instanceof Map;
}

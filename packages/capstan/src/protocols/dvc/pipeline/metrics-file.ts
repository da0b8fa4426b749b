import type { ParamValue } from '#kernel/pipeline-definition';
import { readValues, type Values } from '../text/value-files.ts';

/**
 * The numbers of a metrics file (YAML or JSON), nested names and list indexes joined by dots, as `dvc metrics show` has
 * them. Text and null are left out: a run's metrics are numbers.
 * @throws DomainError INVALID_ARGUMENT when the file is neither
 */
export async function readMetrics(path: string, shownAs: string): Promise<ReadonlyMap<string, number>> {
  const metrics = new Map<string, number>();
  collect(await readValues(path, shownAs), '', metrics);
  return metrics;
}

function collect(value: ParamValue, name: string, metrics: Map<string, number>): void {
  const below = (key: string) => (name === '' ? key : `${name}.${key}`);
  if (Array.isArray(value)) {
    for (const [index, item] of (value as readonly ParamValue[]).entries())
      collect(item, below(String(index)), metrics);
  } else if (value instanceof Map) {
    for (const [key, item] of value as Values) collect(item, below(String(key)), metrics);
  } else if (typeof value === 'number' || typeof value === 'bigint') metrics.set(name, Number(value));
  else if (typeof value === 'boolean') metrics.set(name, value ? 1 : 0);
}

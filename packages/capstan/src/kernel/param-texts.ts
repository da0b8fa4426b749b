import type { ParamKey, ParamTable, ParamValue } from './pipeline-definition.ts';
import { showValue } from './stage-reasons.ts';

/** The file whose values go by their own names. */
const DEFAULT_FILE = 'params.yaml';

/** Values of a stage as a run's parameters: nested names joined by dots, those of other files after `file:`. Pure. */
export function paramTexts(params: ParamTable): ReadonlyMap<string, string> {
  return new Map([...params].flatMap(([file, values]) => leavesOf(file === DEFAULT_FILE ? '' : `${file}:`, values)));
}

function leavesOf(prefix: string, values: ReadonlyMap<ParamKey, ParamValue>): [string, string][] {
  return [...values].flatMap(([key, value]): [string, string][] => {
    const name = prefix + String(key);
    if (value instanceof Map) return leavesOf(`${name}.`, value as ReadonlyMap<ParamKey, ParamValue>);
    return [[name, typeof value === 'string' ? value : showValue(value)]];
  });
}

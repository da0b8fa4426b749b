import type { ParamKey, ParamValue } from '#kernel/pipeline-definition';
import type { Context } from './context.ts';
import type { Place } from '../text/place.ts';
import {
  interpolate,
  isComposite,
  isExpression,
  pythonText,
  scalarText,
  type CommandOptions,
  type TemplateSite,
} from './templating.ts';
import type { Values } from '../text/value-files.ts';

/** One stage to be read: as written, or one of several made from a `foreach` or a `matrix`. */
export interface StageDraft {
  readonly name: string;
  readonly group?: string;
  readonly entry: ParamValue;
  readonly place: Place;
  readonly context: Context;
  /** The values that the item comes from, by their dotted keys. */
  readonly itemSources: readonly string[];
}

interface Item {
  readonly name: string;
  readonly values: ReadonlyMap<string, ParamValue>;
}

/**
 * The stages that an entry of dvc.yaml stands for, named as DVC names them: `name@item`. Equal names are one stage, made
 * for the last of them.
 * @throws DomainError INVALID_ARGUMENT for data that is no list or map
 */
export function expandStages(
  name: string,
  entry: ParamValue,
  place: Place,
  context: Context,
  options: CommandOptions,
): StageDraft[] {
  const isForeach = entry instanceof Map && (entry.has('foreach') || entry.has('do'));
  const isMatrix = entry instanceof Map && entry.has('matrix');
  if (!isForeach && !isMatrix) return [{ name, entry, place, context, itemSources: [] }];
  const written = entry as Values;
  const itemSources: string[] = [];
  const dataPlace = place.at(isForeach ? 'foreach' : 'matrix');
  const site: TemplateSite = {
    context: context.values,
    place: dataPlace,
    use: 'data',
    options,
    onUse: (key) => itemSources.push(key),
  };
  if (isForeach) place.refuseUnknownKeys(written, ['foreach', 'do']);
  for (const key of isForeach ? ['foreach', 'do'] : []) {
    if (!written.has(key)) throw place.error(`the stage '${name}' has no ${key}`);
  }
  const items = isForeach
    ? foreachItems(written.get('foreach') ?? null, site, dataPlace)
    : matrixItems(dataPlace.asMap(written.get('matrix')), site, dataPlace);
  const template = isForeach ? (written.get('do') ?? null) : new Map([...written].filter(([key]) => key !== 'matrix'));
  const templatePlace = isForeach ? place.at('do') : place;
  return [...new Map(items.map((item) => [item.name, item])).values()].map((item) => ({
    name: `${name}@${item.name}`,
    group: name,
    entry: template,
    place: templatePlace,
    context: {
      ...context,
      values: new Map<ParamKey, ParamValue>([...context.values, ...item.values]),
      reserved: new Set(item.values.keys()),
    },
    itemSources,
  }));
}

function foreachItems(written: ParamValue, site: TemplateSite, place: Place): Item[] {
  const data = interpolate(written, site);
  if (data instanceof Map) {
    return [...(data as Values)].map(([key, item]) => {
      const name = scalarText(key);
      return {
        name,
        values: new Map<string, ParamValue>([
          ['item', item],
          ['key', name],
        ]),
      };
    });
  }
  const list = place.asList(data);
  const hasComposites = list.some(isComposite);
  return list.map((item, index) => ({
    name: hasComposites ? String(index) : itemText(item, memberAt(written, index)),
    values: new Map([['item', item]]),
  }));
}

/** All combinations, the last key changing fastest. */
function matrixItems(written: Values, site: TemplateSite, place: Place): Item[] {
  if (written.size === 0) throw place.error('the matrix is empty', 'Write a name with a list of values under it.');
  let combinations: { parts: string[]; item: Map<ParamKey, ParamValue> }[] = [{ parts: [], item: new Map() }];
  for (const [key, values] of written) {
    const name = interpolate(typeof key === 'string' ? key : scalarText(key), site) as ParamKey;
    const list = place.at(String(key)).asList(interpolate(values, site));
    const choices = list.map((value, index) => ({
      value,
      part: isComposite(value) ? `${scalarText(name)}${index}` : itemText(value, memberAt(values, index)),
    }));
    combinations = combinations.flatMap(({ parts, item }) =>
      choices.map(({ value, part }) => ({ parts: [...parts, part], item: new Map([...item, [name, value]]) })),
    );
    if (combinations.length > MOST_STAGES) throw place.error(`the matrix stands for more than ${MOST_STAGES} stages`);
  }
  return combinations.map(({ parts, item }) => {
    const name = parts.join('-');
    return {
      name,
      values: new Map<string, ParamValue>([
        ['key', name],
        ['item', item],
      ]),
    };
  });
}

/** Past it a matrix is a mistake. */
const MOST_STAGES = 100_000;

/** What stands in the file at that index; undefined when the whole list comes from a value. */
function memberAt(written: ParamValue, index: number): ParamValue | undefined {
  return Array.isArray(written) ? (written as readonly ParamValue[])[index] : undefined;
}

/** DVC names a stage by Python's text of a value that comes from elsewhere (`True`), else by its own (`true`). */
function itemText(value: ParamValue, written: ParamValue | undefined): string {
  const isTakenOver = written === undefined || isExpression(written);
  return isTakenOver ? pythonText(value as ParamKey) : scalarText(value as ParamKey);
}

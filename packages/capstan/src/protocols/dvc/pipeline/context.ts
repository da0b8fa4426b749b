import { posix } from 'node:path';
import type { ParamKey, ParamValue } from '#kernel/pipeline-definition';
import type { ValuesLoader } from './override-params.ts';
import type { Place } from '../text/place.ts';
import { projectPath, type Reach } from './project-path.ts';
import { refuseExpressions } from './templating.ts';
import type { Values } from '../text/value-files.ts';

type MutableValues = Map<ParamKey, ParamValue>;

/** The values that `${…}` may use, and which files they came from. */
export interface Context {
  readonly values: Values;
  /** Names that a stage's own vars may not define: those of the item it is made for. */
  readonly reserved?: ReadonlySet<string>;
  /** By file: the keys taken from it, or null for all. */
  readonly loaded: ReadonlyMap<string, readonly string[] | null>;
}

const emptyContext: Context = { values: new Map(), loaded: new Map() };

/** What params.yaml beside the pipeline gives, or nothing where there is none. */
export async function defaultContext(
  hasFile: (file: string) => Promise<boolean>,
  load: ValuesLoader,
): Promise<Context> {
  const file = 'params.yaml';
  if (!(await hasFile(file))) return emptyContext;
  return { values: textKeysOf(await load(file)), loaded: new Map([[file, null]]) };
}

/**
 * Adds a `vars` list: maps, or files as `file` and `file:key,key`, in order.
 * @throws DomainError INVALID_ARGUMENT for a value that is there already, or a file loaded both in part and as a whole
 */
export async function withVars(
  context: Context,
  vars: readonly ParamValue[],
  site: { load: ValuesLoader; workingDirectory: string; place: Place; reach: Reach },
): Promise<Context> {
  let { values } = context;
  const loaded = new Map(context.loaded);
  for (const [index, item] of vars.entries()) {
    const place = site.place.at(index);
    refuseExpressions(item, place);
    if (item instanceof Map) {
      values = added(context, values, textKeysOf(item as Values), place);
      continue;
    }
    const [path = '', keyList = ''] = place.asText(item).split(':');
    const keys = keyList.split(',').filter(Boolean);
    const file = posix.normalize(projectPath(path, site.workingDirectory, place, site.reach));
    if (isLoadedAgain(loaded, file, keys, place)) continue;
    const found = textKeysOf(await site.load(file));
    values = added(context, values, keys.length === 0 ? found : chosen(found, keys, file, place), place);
    loaded.set(file, keys.length === 0 ? null : [...(loaded.get(file) ?? []), ...keys]);
  }
  return { ...context, values, loaded };
}

function added(context: Context, values: Values, update: Values, place: Place): Values {
  const reserved = [...update.keys()].find((key) => context.reserved?.has(String(key)));
  if (reserved === undefined) return merged(values, update, place, '');
  throw place.error(`'${String(reserved)}' is the item that the stage is made for`, 'Give the value another name.');
}

/** The whole file twice is fine; parts of it twice, or a part and the whole, would define values twice. */
function isLoadedAgain(loaded: Context['loaded'], file: string, keys: readonly string[], place: Place): boolean {
  const before = loaded.get(file);
  if (before === undefined) return false;
  if (before === null && keys.length === 0) return true;
  if (before === null) throw place.error(`${file} has been loaded as a whole: its parts cannot be loaded again`);
  if (keys.length === 0) throw place.error(`parts of ${file} have been loaded: it cannot be loaded as a whole`);
  const twice = keys.find((key) => before.includes(key));
  if (twice !== undefined) throw place.error(`'${twice}' of ${file} has been loaded already`);
  return false;
}

function chosen(values: Values, keys: readonly string[], file: string, place: Place): MutableValues {
  const parts: MutableValues = new Map();
  for (const key of keys) {
    const value = values.get(key);
    if (value === undefined) throw place.error(`there is no '${key}' in ${file}`);
    parts.set(key, value);
  }
  return parts;
}

/** Only text can be named in an expression; other keys are left out, as DVC does. */
function textKeysOf(values: Values): Values {
  return new Map([...values].filter(([key]) => typeof key === 'string'));
}

function merged(into: Values, update: Values, place: Place, prefix: string): Values {
  const result: MutableValues = new Map(into);
  for (const [key, value] of update) {
    const before = result.get(key);
    if (before instanceof Map && value instanceof Map) {
      result.set(key, merged(before as Values, value as Values, place, `${prefix}${String(key)}.`));
    } else if (result.has(key)) {
      throw place.error(
        `'${prefix}${String(key)}' is defined already`,
        'Give it another name, or change it where it is defined.',
      );
    } else result.set(key, value);
  }
  return result;
}

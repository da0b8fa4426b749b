import { nearest } from '#kernel/nearest';
import type { ParamKey, ParamValue } from '#kernel/pipeline-definition';
import type { Place } from '../text/place.ts';
import { pythonFloat } from '../text/python-text.ts';
import { selectValue, typeName, type Values } from '../text/value-files.ts';

/** `${…}` not preceded by a backslash; the shortest text up to the next brace. */
const EXPRESSION = /(?<!\\)\$\{(.*?)\}/g;
const STEPS = /^[^.[\]]+(?:\.[^.[\]]+|\[[^.[\]]+\])*\s*$/;

/** DVC's settings `parsing.bool` and `parsing.list`. */
export interface CommandOptions {
  readonly bool: 'store_true' | 'boolean_optional';
  readonly list: 'nargs' | 'append';
}

export const DEFAULT_COMMAND_OPTIONS: CommandOptions = { bool: 'store_true', list: 'nargs' };

/** A place where `${…}` is filled in. */
export interface TemplateSite {
  readonly context: Values;
  /** For messages. */
  readonly place: Place;
  /** In a command a map stands for options; as data a list or map may be used whole; elsewhere neither. */
  readonly use: 'command' | 'data' | 'field';
  /** How a map becomes options of a command. */
  readonly options: CommandOptions;
  /** Hears of every value that is used, by its dotted key. */
  onUse?(key: string, value: ParamValue): void;
}

/**
 * Fills `${…}` in every text of a value, keys of maps included. A text that is one expression keeps the value's type.
 * Rules: dvc.org's templating, seen with dvc 3.67.1.
 * @throws DomainError INVALID_ARGUMENT for an unknown name, a malformed expression, or a list or map inside text
 */
export function interpolate(value: ParamValue, site: TemplateSite): ParamValue {
  if (typeof value === 'string') return interpolateText(value, site);
  if (Array.isArray(value)) return (value as readonly ParamValue[]).map((item) => interpolate(item, site));
  if (!(value instanceof Map)) return value;
  const filled = new Map<ParamKey, ParamValue>();
  for (const [key, member] of value as Values) {
    const name = typeof key === 'string' ? interpolateText(key, site) : key;
    if (typeof name === 'object' && name !== null) throw failure(site, `a ${typeName(name)} cannot be a key`);
    filled.set(name, interpolate(member, site));
  }
  return filled;
}

/** @throws DomainError INVALID_ARGUMENT when the value holds an expression: where templating is not allowed */
export function refuseExpressions(value: ParamValue, place: Place): void {
  if (typeof value === 'string' && new RegExp(EXPRESSION).test(value)) {
    throw place.error('${…} cannot be used in vars');
  }
  if (Array.isArray(value)) for (const item of value as readonly ParamValue[]) refuseExpressions(item, place);
  else if (value instanceof Map) {
    for (const [key, member] of value as Values) {
      if (typeof key === 'string') refuseExpressions(key, place);
      refuseExpressions(member, place);
    }
  }
}

function interpolateText(text: string, site: TemplateSite): ParamValue {
  const matches = [...text.matchAll(EXPRESSION)];
  if (matches.length === 0) return text.includes('${') ? unescaped(text) : text;
  const [only] = matches;
  if (matches.length === 1 && only?.[0] === text) {
    const value = valueOf(only[1] ?? '', site);
    if (!isComposite(value) || site.use === 'data') return value;
    if (site.use === 'command' && value instanceof Map) return commandOptions(value as Values, site);
    throw failure(site, `\${${only[1]}} is ${typeName(value)}, which cannot be used here`);
  }
  let filled = '';
  let index = 0;
  for (const match of matches) {
    filled += text.slice(index, match.index) + textOf(match[1] ?? '', site);
    index = match.index + match[0].length;
  }
  return unescaped(filled + text.slice(index));
}

function unescaped(text: string): string {
  return text.replaceAll('\\${', '${');
}

function textOf(expression: string, site: TemplateSite): string {
  const value = valueOf(expression, site);
  if (value instanceof Map && site.use === 'command') return commandOptions(value as Values, site);
  if (isComposite(value))
    throw failure(site, `\${${expression}} is ${typeName(value)}, which cannot stand inside text`);
  return scalarText(value as ParamKey);
}

function valueOf(expression: string, site: TemplateSite): ParamValue {
  if (!STEPS.test(expression)) {
    throw failure(site, `\${${expression}} is not a name`, 'Write names joined by dots, or an index as [0].');
  }
  const key = expression
    .replaceAll('[', '.')
    .replaceAll(']', '')
    .split('.')
    .map((step) => step.trim())
    .join('.');
  const value = selectValue(site.context, key);
  if (value === undefined) {
    const suggestion = nearest(key, namesOf(site.context));
    throw failure(
      site,
      `there is no value ${key}`,
      suggestion ? `Did you mean \${${suggestion}}?` : 'Define it in params.yaml or under vars.',
    );
  }
  site.onUse?.(key, value);
  return value;
}

export function isComposite(value: ParamValue): value is readonly ParamValue[] | Values {
  return typeof value === 'object' && value !== null;
}

/** True for a text that is one expression and nothing else. */
export function isExpression(value: ParamValue | undefined): boolean {
  if (typeof value !== 'string') return false;
  const [only, ...others] = value.matchAll(EXPRESSION);
  return others.length === 0 && only?.[0] === value;
}

/** As Python writes it, but booleans in lower case. */
export function scalarText(value: ParamKey): string {
  if (value === null) return 'None';
  return typeof value === 'number' ? pythonFloat(value) : String(value);
}

/** `{nest: {x: 1}, flag: true, list: [1, 'a b']}` → `--nest.x 1 --flag --list 1 'a b'`. */
function commandOptions(map: Values, site: TemplateSite): string {
  const options: string[] = [];
  for (const [name, value] of flattened(map, '')) {
    if (typeof value === 'boolean') {
      if (value) options.push(`--${name}`);
      else if (site.options.bool === 'boolean_optional') options.push(`--no-${name}`);
    } else if (Array.isArray(value)) {
      const items = (value as readonly ParamValue[]).map((item) => {
        if (isComposite(item)) throw failure(site, `a list inside the list ${name} cannot become an option`);
        return optionText(item);
      });
      if (site.options.list === 'append') options.push(...items.map((item) => `--${name} ${item}`));
      else if (items.length > 0) options.push(`--${name} ${items.join(' ')}`);
    } else options.push(`--${name} ${optionText(value as ParamKey)}`);
  }
  return options.join(' ');
}

function optionText(value: ParamKey): string {
  return typeof value === 'string' ? shellQuoted(value) : pythonText(value);
}

/** As Python writes it: `True`. */
export function pythonText(value: ParamKey): string {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return scalarText(value);
}

/** One word of a POSIX shell, quoted only where that is needed. */
function shellQuoted(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", `'"'"'`)}'`;
}

function flattened(map: Values, prefix: string): [string, ParamValue][] {
  return [...map].flatMap(([key, value]): [string, ParamValue][] => {
    const name = prefix + (typeof key === 'string' ? key : scalarText(key));
    // An empty map stands for no option at all.
    if (value instanceof Map) return flattened(value as Values, `${name}.`);
    return [[name, value]];
  });
}

function namesOf(values: Values): string[] {
  return flattened(values, '').map(([name]) => name);
}

function failure({ place }: TemplateSite, message: string, hint?: string) {
  return place.error(message, hint);
}

import { conflict, invalid } from '#kernel/errors';
import type { ParamKey, ParamValue } from '#kernel/pipeline-definition';
import { entryValue, readEntry, type LockedStage } from './lock-entry.ts';
import { Place } from '../text/place.ts';
import type { Values } from '../text/value-files.ts';
import { readLongYaml, writeYaml } from '../text/yaml-text.ts';

/** What dvc.lock holds. Changed by making another one, so that stages that end together do not meet. */
export interface Lock {
  /** By the stage's name, in the order of the file. */
  readonly stages: ReadonlyMap<string, LockedStage>;
  /**
   * With entries replaced; undefined takes one out. New ones come last, or, with an order of names, before the first entry
   * that is behind them in it: then it does not matter which came first.
   */
  with(changes: ReadonlyMap<string, LockedStage | undefined>, order?: readonly string[]): Lock;
  /** The file's text; what Capstan does not know in entries that have not changed is kept. */
  text(): string;
}

/**
 * Reads dvc.lock of schema 2.0.
 * @param text undefined when there is no file
 * @throws DomainError INVALID_ARGUMENT naming `name:line:column`
 */
export function readLock(text: string | undefined, name: string): Lock {
  const { entries, rest } = readEntries(text, name);
  return lockOf(entries, rest);
}

interface WrittenLock {
  readonly entries: ReadonlyMap<string, Entry>;
  /** Text of what the file has beside its stages. */
  readonly rest: string;
}

function readEntries(text: string | undefined, name: string): WrittenLock {
  const yaml = readLongYaml(text ?? '', name);
  const place = new Place(yaml);
  const top = place.asMap(yaml.value);
  if (top.size > 0 && top.get('schema') !== '2.0') {
    throw invalid(`${name} is not of schema 2.0`, { field: name, hint: 'Let dvc 3 write it anew: dvc repro.' });
  }
  const stagesPlace = place.at('stages');
  const written = top.has('stages')
    ? stagesPlace.asMap(top.get('stages') ?? new Map())
    : new Map<ParamKey, ParamValue>();
  const entries = [...written].map(([key, value]): [string, Entry] => {
    const stage = String(key);
    return [stage, new Entry(stage, value as Values, readEntry(stagesPlace.at(stage), value))];
  });
  const rest = [...top].filter(([key]) => key !== 'schema' && key !== 'stages');
  return { entries: new Map(entries), rest: rest.length === 0 ? '' : writeYaml(new Map(rest)) };
}

export interface MergedLock {
  readonly text: string;
  /** Stages that both sides ran, each otherwise: they have no entry. */
  readonly leftOut: readonly string[];
}

/**
 * Merges two dvc.lock files that came from one, stage by stage: what one side changed or took out is so. A stage that both
 * changed, each otherwise, is left out: the next reproduction finds the result of either side in the run cache where what
 * it reads is what that side read, and runs it where it is neither's.
 * @param base undefined where there was no file
 * @throws DomainError INVALID_ARGUMENT for a file that cannot be read; CONFLICT where both changed what is no stage
 */
export function mergeLocks(
  texts: { readonly base: string | undefined; readonly ours: string; readonly theirs: string },
  name: string,
): MergedLock {
  const base = readEntries(texts.base, name);
  const [ours, theirs] = [readEntries(texts.ours, name), readEntries(texts.theirs, name)];
  const rest = merged(base.rest, ours.rest, theirs.rest);
  if (rest === undefined) {
    throw conflict(`Both sides changed what ${name} holds beside its stages`, {
      field: name,
      hint: 'Take one of the two, then run: capstan repro.',
    });
  }
  const entries = new Map<string, Entry>();
  const leftOut: string[] = [];
  for (const stage of new Set([...ours.entries.keys(), ...theirs.entries.keys()])) {
    const [b, o, t] = [base, ours, theirs].map(({ entries: each }) => each.get(stage)?.text ?? '');
    const text = merged(b, o, t);
    if (text === undefined) leftOut.push(stage);
    const entry = text === o ? ours.entries.get(stage) : text === t ? theirs.entries.get(stage) : undefined;
    if (entry) entries.set(stage, entry);
  }
  return { text: lockOf(entries, rest).text(), leftOut };
}

/** Of three, what both sides want; undefined where they do not want the same. */
function merged<Value>(base: Value, ours: Value, theirs: Value): Value | undefined {
  if (ours === theirs || theirs === base) return ours;
  return ours === base ? theirs : undefined;
}

/** One stage's lines are written once, whatever else of the file changes. */
class Entry {
  readonly stage: LockedStage;
  readonly #name: string;
  readonly #value: Values;
  #text: string | undefined;

  constructor(name: string, value: Values, stage: LockedStage) {
    this.stage = stage;
    this.#name = name;
    this.#value = value;
  }

  /** No value of a YAML file written here goes over several lines, so all of them can be moved to the right. */
  get text(): string {
    this.#text ??= writeYaml(new Map([[this.#name, this.#value]])).replaceAll(/^(?=.)/gm, '  ');
    return this.#text;
  }
}

function lockOf(entries: ReadonlyMap<string, Entry>, rest: string): Lock {
  return {
    stages: new Map([...entries].map(([name, entry]) => [name, entry.stage])),
    with(changes, order = []) {
      let after = new Map(entries);
      for (const [name, stage] of changes) {
        if (!stage) after.delete(name);
        else after = placed(after, name, new Entry(name, entryValue(stage), stage), order);
      }
      return lockOf(after, rest);
    },
    text() {
      const stages = [...entries.values()].map((entry) => entry.text).join('');
      return `schema: '2.0'\n${rest}stages:${stages === '' ? ' {}' : ''}\n${stages}`;
    },
  };
}

function placed(entries: Map<string, Entry>, name: string, entry: Entry, order: readonly string[]): Map<string, Entry> {
  const behind = new Set(order.slice(order.indexOf(name) + 1));
  const next =
    entries.has(name) || !order.includes(name) ? undefined : [...entries.keys()].find((each) => behind.has(each));
  if (next === undefined) return entries.set(name, entry);
  return new Map([...entries].flatMap((each) => (each[0] === next ? [[name, entry] as const, each] : [each])));
}

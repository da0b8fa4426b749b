import { invalid } from '#kernel/errors';
import type { ParamKey, ParamValue } from '#kernel/pipeline-definition';
import { entryValue, readEntry, type LockedStage } from './lock-entry.ts';
import { Place } from './place.ts';
import type { Values } from './value-files.ts';
import { readLongYaml, writeYaml } from './yaml-text.ts';

/** What dvc.lock holds. Changed by making another one, so that stages that end together do not meet. */
export interface Lock {
  /** By the stage's name, in the order of the file. */
  readonly stages: ReadonlyMap<string, LockedStage>;
  /** With entries replaced; new ones come last, undefined takes one out. */
  with(changes: ReadonlyMap<string, LockedStage | undefined>): Lock;
  /** The file's text; what Capstan does not know in entries that have not changed is kept. */
  text(): string;
}

/**
 * Reads dvc.lock of schema 2.0.
 * @param text undefined when there is no file
 * @throws DomainError INVALID_ARGUMENT naming `name:line:column`
 */
export function readLock(text: string | undefined, name: string): Lock {
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
  return lockOf(new Map(entries), rest.length === 0 ? '' : writeYaml(new Map(rest)));
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
    with(changes) {
      const after = new Map(entries);
      for (const [name, stage] of changes) {
        if (stage) after.set(name, new Entry(name, entryValue(stage), stage));
        else after.delete(name);
      }
      return lockOf(after, rest);
    },
    text() {
      const stages = [...entries.values()].map((entry) => entry.text).join('');
      return `schema: '2.0'\n${rest}stages:${stages === '' ? ' {}' : ''}\n${stages}`;
    },
  };
}

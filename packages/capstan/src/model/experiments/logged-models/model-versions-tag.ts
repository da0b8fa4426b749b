import type { KeyValue } from '../model.ts';

const KEY = 'mlflow.modelVersions';
const LONGEST = 8_000;

/**
 * The tag of a logged model that lists the versions registered from it, with one version more, as MLflow's server writes
 * it: a JSON list with Python's spaces. What is there and is no list counts as empty; the oldest entries make room.
 */
export function withModelVersion(tags: readonly KeyValue[], model: string, version: number): KeyValue {
  const known = entriesOf(tags.find(({ key }) => key === KEY)?.value);
  const added = entryText(model, version);
  const entries = known.includes(added) ? known : [...known, added];
  while (entries.length > 1 && listText(entries).length > LONGEST) entries.shift();
  return { key: KEY, value: listText(entries) };
}

function entriesOf(value: string | undefined): string[] {
  try {
    const read: unknown = JSON.parse(value ?? '[]');
    return Array.isArray(read) ? read.flatMap(knownEntry) : [];
  } catch {
    return [];
  }
}

/** Clients write versions as text, the server as numbers; each stays as it is. */
function knownEntry(entry: unknown): string[] {
  if (typeof entry !== 'object' || entry === null || !('name' in entry) || !('version' in entry)) return [];
  const { name, version } = entry;
  if (typeof name !== 'string' || (typeof version !== 'string' && typeof version !== 'number')) return [];
  return [entryText(name, version)];
}

function entryText(name: string, version: string | number): string {
  return `{"name": ${asciiJson(name)}, "version": ${JSON.stringify(version)}}`;
}

function listText(entries: readonly string[]): string {
  return `[${entries.join(', ')}]`;
}

/** As Python's `json.dumps`, which escapes all beyond ASCII. */
function asciiJson(text: string): string {
  return JSON.stringify(text).replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

import { invalid, type DomainError } from '#kernel/errors';
import { nearest } from '#kernel/nearest';
import type { ParamValue } from '#kernel/pipeline-definition';
import { typeName, type Values } from './value-files.ts';
import type { YamlText } from './yaml-text.ts';

/** Where in a file a value stands: for errors that can be acted on, and for the checks every value goes through. */
export class Place {
  readonly #yaml: YamlText;
  readonly #path: readonly (string | number)[];

  constructor(yaml: YamlText, path: readonly (string | number)[] = []) {
    this.#yaml = yaml;
    this.#path = path;
  }

  at(step: string | number): Place {
    return new Place(this.#yaml, [...this.#path, step]);
  }

  /** What the whole file holds. */
  get value(): ParamValue {
    return this.#yaml.value;
  }

  /** `dvc.yaml:3:5`. */
  get text(): string {
    return this.#yaml.placeOf(this.#path);
  }

  error(message: string, hint?: string): DomainError {
    return invalid(`${this.text}: ${message}`, { field: this.text, ...(hint !== undefined && { hint }) });
  }

  asText(value: ParamValue | undefined): string {
    if (typeof value === 'string') return value;
    throw this.error(`${this.#name} must be text, not ${typeName(value)}`, 'Quote it.');
  }

  asFlag(value: ParamValue | undefined): boolean {
    if (typeof value === 'boolean') return value;
    throw this.error(`${this.#name} must be true or false, not ${typeName(value)}`);
  }

  asList(value: ParamValue | undefined): readonly ParamValue[] {
    if (Array.isArray(value)) return value as readonly ParamValue[];
    throw this.error(`${this.#name} must be a list, not ${typeName(value)}`, 'Write each item on a line after "- ".');
  }

  asMap(value: ParamValue | undefined): Values {
    if (value instanceof Map) return value as Values;
    throw this.error(`${this.#name} must be a map, not ${typeName(value)}`);
  }

  /** @throws DomainError naming the nearest known key */
  refuseUnknownKeys(map: Values, known: readonly string[]): void {
    for (const key of map.keys()) {
      const name = String(key);
      if (known.includes(name)) continue;
      const place = this.at(name).text;
      const suggestion = nearest(name, known);
      throw invalid(`${place}: there is no key '${name}' here`, {
        field: place,
        hint: suggestion ? `Did you mean ${suggestion}?` : `Known: ${known.join(', ')}`,
      });
    }
  }

  get #name(): string {
    const last = this.#path.at(-1);
    if (last === undefined) return 'the file';
    return typeof last === 'number' ? `item ${last + 1}` : `'${last}'`;
  }
}

// Which scorers are kept. Pure.
import { DomainError, invalid } from '#kernel/errors';
import type { AttributeValue } from '#model/traces';
import { isObject, objectIn, parseJsonText, type JsonObject } from '../json-text.ts';
import { refuseUnstorable } from '../refusals.ts';

/** Options that choose where a scorer's own client sends its requests. */
const destinations = ['api_base', 'base_url', 'custom_llm_provider', 'fallbacks', 'model_list'];

/**
 * A scorer is taken out by other people's clients, which run what it holds: no code is kept, and nothing that sends their
 * requests elsewhere.
 * @throws DomainError INVALID_ARGUMENT; NOT_FOUND for a gateway's endpoint, of which there are none
 */
export function checkSerialized(text: string): void {
  refuseUnstorable('serialized_scorer', text);
  const scorer = objectIn('serialized_scorer', parseJsonText('serialized_scorer', text));
  for (const part of partsOf(scorer)) {
    if ((part.get('call_source') ?? null) !== null) {
      throw invalid('Custom scorer registration (using @scorer decorator) is disabled: it holds code.', {
        field: 'serialized_scorer',
        hint: 'Keep the code of a custom scorer in a repository and import it from there.',
      });
    }
    const thirdParty = part.get('third_party_scorer_data');
    if (isObject(thirdParty)) checkKeywords(thirdParty.get('kwargs') ?? null);
  }
  checkModel(modelOf(scorer));
}

function checkKeywords(kwargs: AttributeValue): void {
  if (kwargs === null) return;
  const found = destinations.filter((name) => namesIn(objectIn('third_party_scorer_data.kwargs', kwargs)).has(name));
  if (found.length === 0) return;
  throw invalid(
    `third_party_scorer_data.kwargs must not contain '${found.join("', '")}': these options choose where the ` +
      "scorer's LLM client sends requests.",
    { field: 'serialized_scorer', hint: "Set the address by the provider's environment variables." },
  );
}

/** Every object anywhere in a value, itself included. */
function* partsOf(value: AttributeValue): Generator<JsonObject> {
  if (isObject(value)) yield value;
  const items = isObject(value) ? value.values() : Array.isArray(value) ? (value as readonly AttributeValue[]) : [];
  for (const item of items) yield* partsOf(item);
}

/** Names of options: keys of objects, and first items of pairs, from which Python makes objects too. */
function namesIn(value: AttributeValue): Set<string> {
  const names = new Set<string>();
  for (const part of partsOf(value)) {
    for (const [key, item] of part) {
      names.add(key);
      addPairs(names, item);
    }
  }
  return names;
}

function addPairs(names: Set<string>, value: AttributeValue): void {
  if (!Array.isArray(value)) return;
  for (const item of value as readonly AttributeValue[]) {
    if (Array.isArray(item) && item.length === 2 && typeof item[0] === 'string') names.add(item[0]);
    addPairs(names, item);
  }
}

/** The model that a scorer of a kind that MLflow knows asks; undefined where it asks none. */
function modelOf(scorer: JsonObject): AttributeValue | undefined {
  const kinds = ['instructions_judge_pydantic_data', 'builtin_scorer_pydantic_data'];
  for (const kind of kinds) {
    const data = scorer.get(kind);
    if (isObject(data) && data.size > 0) return data.get('model');
  }
  const remembering = scorer.get('memory_augmented_judge_data');
  if (isObject(remembering) && remembering.size > 0) {
    const base = remembering.get('base_judge');
    return isObject(base) ? modelOf(base) : undefined;
  }
  const thirdParty = scorer.get('third_party_scorer_data');
  return isObject(thirdParty) ? thirdParty.get('model') : undefined;
}

function checkModel(model: AttributeValue | undefined): void {
  if (model === undefined || model === null) return;
  if (typeof model !== 'string' || model.trim() === '') {
    throw invalid('Scorer model must be a string that is not empty.', { field: 'serialized_scorer' });
  }
  if (!model.startsWith('gateway:/')) return;
  throw new DomainError('NOT_FOUND', `No gateway endpoint '${model.slice('gateway:/'.length, 100)}'`, {
    field: 'serialized_scorer',
    hint: 'This server has no gateway: name the model by its provider, as openai:/MODEL.',
  });
}

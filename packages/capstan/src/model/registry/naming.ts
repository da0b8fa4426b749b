// What names in the registry may be.
import { invalid, type DomainError } from '#kernel/errors';
import { checkKey } from '#model/experiments';
import { PROMPT_TEXT_TAG, type KeyValue } from './model.ts';

const LONGEST_NAME = 256;
const LONGEST_TAG_VALUE = 100_000;
const LONGEST_DESCRIPTION = 100_000;
const LONGEST_ALIAS = 255;

export function checkModelName(name: string): void {
  if (name.trim() === '') throw refusal('name', 'Registered model name cannot be empty.');
  refuseSeparators(name);
  checkText('name', name, LONGEST_NAME);
  if (/\p{Cc}/u.test(name)) throw refusal('name', 'The name holds a control character');
}

/** No model has such a name, and none can: it would not fit into models:/NAME/VERSION. */
export function refuseSeparators(name: string): void {
  if (/[/:]/.test(name))
    throw refusal('name', `Invalid model name: '${name}'. Registered model name cannot contain ':' or '/'.`);
}

export function checkTag({ key, value }: KeyValue): void {
  checkKey('key', key);
  if (key === PROMPT_TEXT_TAG && value.length > LONGEST_TAG_VALUE)
    throw refusal('value', `Prompt text exceeds max length of ${LONGEST_TAG_VALUE} characters.`);
  checkText('value', value, LONGEST_TAG_VALUE);
}

export function checkDescription(description: string): void {
  checkText('description', description, LONGEST_DESCRIPTION);
}

export function checkText(field: string, text: string, longest: number): void {
  if (text.length > longest)
    throw refusal(field, `'${field}' exceeds the maximum length of ${longest} characters (it has ${text.length})`);
  if (text.includes('\0') || !text.isWellFormed())
    throw refusal(field, `'${field}' holds a NUL character or half a character`);
}

/** What an alias that is set may be: not what clients write for versions, `v7` and `latest`. */
export function checkAlias(alias: string): void {
  checkAliasText(alias);
  if (/^v\d+$/i.test(alias) || alias.toLowerCase() === 'latest') {
    throw refusal('alias', `'${alias}' alias name is reserved: clients read it as a version.`);
  }
}

/** Letters and digits of any script, `_` and `-`. */
export function checkAliasText(alias: string): void {
  if (alias === '') throw refusal('alias', 'Registered model alias cannot be empty.');
  if (alias.length > LONGEST_ALIAS || !/^[\p{L}\p{M}\p{N}_-]+$/u.test(alias)) {
    throw refusal(
      'alias',
      `Invalid alias name: '${alias.slice(0, LONGEST_ALIAS)}'. Use letters, digits, _ and -, at most ${LONGEST_ALIAS}.`,
    );
  }
}

function refusal(field: string, message: string): DomainError {
  return invalid(message, { field });
}

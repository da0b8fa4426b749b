import { isMap, isScalar, type Pair, type YAMLMap } from 'yaml';
import { DomainError, invalid } from '#kernel/errors';
import { readYaml } from '../text/yaml-text.ts';

/**
 * Text of a dvc.yaml in which a stage is frozen, or is no more; every other character stays.
 * @param name as written in the file: stages made from one entry are frozen together
 * @throws DomainError NOT_FOUND where no stage has that name; INVALID_ARGUMENT for text that cannot be changed so
 */
export function withFrozenStage(text: string, file: string, name: string, isFrozen: boolean): string {
  const { document } = readYaml(text, file);
  const entry = document.getIn(['stages', name]);
  if (!isMap(entry)) throw new DomainError('NOT_FOUND', `${file} has no stage '${name}'`, { field: name });
  const made = entry.get('do');
  const stage = isMap(made) ? made : entry;
  const pair = stage.items.find((each) => keyOf(each) === 'frozen');
  if (!pair) return isFrozen ? insert(text, stage, file) : text;
  const { value } = pair;
  if (!isScalar(value) || !value.range) throw invalid(`'frozen' of ${name} is neither true nor false`, { field: file });
  if ((value.value === true) === isFrozen) return text;
  return `${text.slice(0, value.range[0])}${isFrozen}${text.slice(value.range[1])}`;
}

const keyOf = ({ key }: Pair): unknown => (isScalar(key) ? key.value : key);

/** Before the first key, on a line of its own where the others have such. */
function insert(text: string, stage: YAMLMap, file: string): string {
  const key = stage.items[0]?.key;
  if (!isScalar(key) || !key.range) throw invalid(`${file} has a stage with nothing in it`, { field: file });
  const [at] = key.range;
  const column = at - (text.lastIndexOf('\n', at - 1) + 1);
  const behind = stage.flow === true ? ', ' : `\n${' '.repeat(column)}`;
  return `${text.slice(0, at)}frozen: true${behind}${text.slice(at)}`;
}

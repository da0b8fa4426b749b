import { DomainError } from '#kernel/errors';
import { damagedObjects, type VerifyOptions } from '../cache/verify.ts';
import { isFolderId, type ObjectId } from '../model.ts';
import { pathInside, type Repository } from '../open.ts';
import { pathsMeet } from '../paths.ts';
import { checkoutState } from '../revisions/checkout-state.ts';
import { readTracked, type TrackedOutput } from '../revisions/tracked.ts';
import { cachedObjects } from './cached-objects.ts';
import { addUsed, keyOf, objectOf, type UsedObject, type UsedObjects } from './used-objects.ts';

/** An object that is not as it should be. */
export interface UnfitObject extends ObjectId {
  readonly state: 'damaged' | 'missing';
  /** Absolute. */
  readonly file: string;
  /** What it is the content of, or the first of several; undefined for one that nothing in the checkout needs. */
  readonly neededBy?: string;
  /** Name of the only remote it goes to. */
  readonly remote?: string;
}

export interface VerifiedData {
  /** Objects that were read. */
  readonly checked: number;
  readonly unfit: readonly UnfitObject[];
}

export interface VerifyDataOptions extends Pick<VerifyOptions, 'onProgress'> {
  /** The whole cache, not only what the targets need. */
  readonly isAll?: boolean;
}

/**
 * Reads every object that the targets need, whether or not it was read before, and compares it with its name. Changes nothing.
 * @param given paths of the caller, tracked or of the files that track; everything where there is none
 * @throws DomainError NOT_FOUND where nothing tracked is at a path; INVALID_ARGUMENT for a file that cannot be read
 */
export async function verifyData(
  repository: Repository,
  given: readonly string[],
  options: VerifyDataOptions = {},
): Promise<VerifiedData> {
  const unfit = new Map<string, UnfitObject>();
  const note = (object: ObjectId, state: UnfitObject['state']): void => {
    const { md5, scheme } = object;
    const need = used.get(keyOf(object));
    unfit.set(keyOf(object), {
      md5,
      scheme,
      state,
      file: repository.cache.fileOf(object),
      ...(need && { neededBy: need.path }),
      ...(need?.remote !== undefined && { remote: need.remote }),
    });
  };
  const used: UsedObjects = new Map();
  const noteList = (folder: UsedObject, error: DomainError): void =>
    note(folder, error.code === 'NOT_FOUND' ? 'missing' : 'damaged');
  const { outputs } = await readTracked(checkoutState(repository.root), repository.rules);
  for (const output of namedOutputs(repository, outputs, given)) {
    const object = objectOf(output);
    if (object) addUsed(used, repository, object, noteList);
  }
  const unneeded = options.isAll
    ? [...cachedObjects(repository.cache.folder)].filter((id) => !used.has(keyOf(id)))
    : [];
  for (const id of unneeded.filter(isFolderId)) {
    addUsed(new Map(), repository, { ...id, path: '' }, () => note(id, 'damaged'));
  }
  const files = [...used.values(), ...unneeded].filter((id) => !isFolderId(id));
  for (const id of files) if (!repository.cache.has(id)) note(id, 'missing');
  const present = files.filter((id) => !unfit.has(keyOf(id)));
  for (const id of await damagedObjects(repository, present, { ...options, readsAll: true })) {
    note(id, 'damaged');
  }
  const all = [...unfit.values()];
  const missing = all.filter(({ state }) => state === 'missing').length;
  return { checked: used.size + unneeded.length - missing, unfit: all };
}

function namedOutputs(
  repository: Repository,
  outputs: readonly TrackedOutput[],
  given: readonly string[],
): TrackedOutput[] {
  if (given.length === 0) return [...outputs];
  const asked = given.map((path) => pathInside(repository, path));
  const isAt = ({ path, file }: TrackedOutput, at: string): boolean => at === '' || at === file || pathsMeet(at, path);
  const unknown = asked.find((at) => !outputs.some((output) => isAt(output, at)));
  if (unknown === undefined) return outputs.filter((output) => asked.some((at) => isAt(output, at)));
  throw new DomainError('NOT_FOUND', `Nothing tracked is at '${unknown}'`, {
    field: unknown,
    hint: 'Track it with: capstan add.',
  });
}

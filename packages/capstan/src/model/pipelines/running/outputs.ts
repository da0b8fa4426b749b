import { constants } from 'node:fs';
import { createReadStream } from 'node:fs';
import { chmod, copyFile, mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DomainError } from '#kernel/errors';
import type { BlobStore } from '#ports/blob-store';
import type { LockedFile, Stage } from '#kernel/pipeline-definition';
import type { HashMemory, PipelineFormat, SharedOutput } from '../format.ts';
import type { StoredFile, StoredOutput } from '../model.ts';

export interface OutputStores {
  readonly blobs: BlobStore;
  readonly format: PipelineFormat;
}

/**
 * Hashes what a stage wrote and stores every byte of it.
 * @throws DomainError NOT_FOUND naming an output that was not written; STORAGE_FULL
 */
export async function storeOutputs(
  { blobs, format }: OutputStores,
  folder: string,
  stage: Stage,
  memory: HashMemory,
): Promise<{ locked: LockedFile[]; stored: StoredOutput[] }> {
  const locked: LockedFile[] = [];
  const stored: StoredOutput[] = [];
  for (const output of stage.outputs) {
    const whole = join(folder, output.file);
    const content = await format.hash(whole, memory);
    const files: StoredFile[] = [];
    for (const file of content.files) {
      const { digest } = await blobs.put(createReadStream(join(whole, file.path)), { sizeBytes: file.sizeBytes });
      files.push({ ...file, digest });
    }
    locked.push({ path: output.path, ...content.hash });
    stored.push({ path: output.path, file: output.file, md5: content.hash.md5, files });
  }
  return { locked, stored };
}

/** Removes what a stage writes, before it runs: what it leaves behind must be its own. */
export async function removeOutputs(folder: string, stage: Stage): Promise<void> {
  for (const output of stage.outputs) await rm(join(folder, output.file), { recursive: true, force: true });
}

/** Stored outputs as the stage declares them now: those it no longer has left out, each where it belongs today. */
export function outputsFor(stage: Stage, stored: readonly StoredOutput[]): StoredOutput[] {
  return stored.flatMap((output) => {
    const declared = stage.outputs.find((each) => each.path === output.path);
    return declared ? [{ ...output, file: declared.file }] : [];
  });
}

/**
 * Puts stored outputs into the workspace. Every byte is checked on the way.
 * @throws DomainError NOT_FOUND or DATA_LOSS, with the output's path as `field`, when stored bytes are gone or damaged
 */
export async function restoreOutputs(
  blobs: BlobStore,
  folder: string,
  outputs: readonly StoredOutput[],
): Promise<void> {
  for (const output of outputs) {
    const whole = join(folder, output.file);
    await rm(whole, { recursive: true, force: true });
    if (output.md5.endsWith('.dir')) await mkdir(whole, { recursive: true });
    for (const file of output.files) {
      const target = join(whole, file.path);
      await mkdir(dirname(target), { recursive: true });
      await copyFile(await storedFile(blobs, output, file), target, constants.COPYFILE_FICLONE);
      await chmod(target, file.isExecutable ? 0o755 : 0o644);
    }
  }
}

async function storedFile(blobs: BlobStore, output: StoredOutput, file: StoredFile): Promise<string> {
  try {
    return await blobs.localFile(file.digest);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    throw new DomainError(error.code, error.message, { field: output.path, cause: error });
  }
}

/** Outputs as the format's own tool is told of them; those meant for Git have no bytes in its cache. */
export function sharedOutputs(
  blobs: BlobStore,
  stage: Stage,
  outputs: readonly StoredOutput[],
  locked: readonly LockedFile[],
): SharedOutput[] {
  return outputs.flatMap((output): SharedOutput[] => {
    const hash = locked.find((file) => file.path === output.path);
    if (!hash || !stage.outputs.some((declared) => declared.path === output.path && declared.isCached)) return [];
    return [
      {
        content: { hash, files: output.files },
        localFile: (path) => {
          const file = output.files.find((each) => each.path === path);
          if (!file) throw new Error(`there is no ${path} in ${output.path}`);
          return storedFile(blobs, output, file);
        },
      },
    ];
  });
}

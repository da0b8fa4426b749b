import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { PipelineFormat } from '#model/pipelines';
import { adoptFolder, shareOutputs } from './objects/dvc-folder.ts';
import { refuseIgnorePatterns } from './ignore/dvcignore.ts';
import { writeListing } from './objects/folder-listing.ts';
import { hashPath } from './objects/hash-path.ts';
import { resultKey } from './lock/lock-entry.ts';
import { decodeEntry, encodeEntry, writeLock } from './lock/lock-file.ts';
import { readMetrics } from './pipeline/metrics-file.ts';
import { overrideParams } from './pipeline/override-params.ts';
import { readParams } from './pipeline/param-values.ts';
import { PIPELINE_FILE, readPipeline } from './pipeline/read-pipeline.ts';

/** Pipelines written in dvc.yaml, params.yaml and dvc.lock, as DVC 3 has them. */
export function createDvcFormat(): PipelineFormat {
  return {
    fileName: PIPELINE_FILE,
    async read(folder, overrides = {}) {
      await refuseIgnorePatterns(folder);
      return await readPipeline(folder, overrides);
    },
    readParams,
    overrideParams,
    hash: hashPath,
    resultKey,
    encodeEntry,
    decodeEntry,
    writeLock,
    adopt: adoptFolder,
    shareOutputs,
    folderHash: (files) => `${createHash('md5').update(writeListing(files)).digest('hex')}.dir`,
    readMetrics: (path) => readMetrics(path, basename(path)),
  };
}

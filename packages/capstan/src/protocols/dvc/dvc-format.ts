import { basename } from 'node:path';
import type { PipelineFormat } from '#model/pipelines';
import { adoptFolder, shareOutputs } from './dvc-folder.ts';
import { refuseIgnorePatterns } from './dvcignore.ts';
import { hashPath } from './hash-path.ts';
import { resultKey } from './lock-entry.ts';
import { decodeEntry, encodeEntry, writeLock } from './lock-file.ts';
import { readMetrics } from './metrics-file.ts';
import { overrideParams } from './override-params.ts';
import { readParams } from './param-values.ts';
import { PIPELINE_FILE, readPipeline } from './read-pipeline.ts';

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
    readMetrics: (path) => readMetrics(path, basename(path)),
  };
}

import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { DomainError } from '#kernel/errors';
import type { SourceTrace } from '#ports/tracking-source';
import type { Json } from './rest-client.ts';
import { assessmentOf, traceOf } from './trace-messages.ts';

const INFO = 'trace_info.yaml';

/** A trace of the file store; undefined for a folder that is none. The file store links traces to nothing. */
export async function readTrace(
  folder: string,
  experimentId: string,
  textsIn: (folder: string) => Promise<Readonly<Record<string, string>>>,
): Promise<SourceTrace | undefined> {
  if (!existsSync(join(folder, INFO))) return undefined;
  const assessments = join(folder, 'assessments');
  const names = (await readdir(assessments).catch(() => [])).filter((name) => name.endsWith('.yaml')).toSorted();
  const told = await Promise.all(names.map((name) => readYaml(join(assessments, name))));
  const info = await readYaml(join(folder, INFO));
  const trace = traceOf(
    {
      ...info,
      tags: await textsIn(join(folder, 'tags')),
      trace_metadata: await textsIn(join(folder, 'request_metadata')),
    },
    experimentId,
  );
  // Its own facts repeat the assessments that it began with, as they were then.
  return {
    ...trace,
    assessments: told.map(assessmentOf).toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1)),
    runs: [],
    prompts: [],
  };
}

async function readYaml(path: string): Promise<Json> {
  try {
    return (parse(await readFile(path, 'utf8'), { maxAliasCount: 0 }) as Json | null) ?? {};
  } catch (cause) {
    throw new DomainError('INVALID_ARGUMENT', `${path} is no YAML`, { field: 'uri', cause });
  }
}

import { readFileSync } from 'node:fs';
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOf } from '#kernel/digest';

const source = (file: URL): string => readFileSync(file, 'utf8');

/** The program of workers. Each file by its own name, so that the build finds them all. */
function programFiles(): Readonly<Record<string, string>> {
  return {
    '__main__.py': source(new URL('./worker/__main__.py', import.meta.url)),
    'capstan_worker/__init__.py': source(new URL('./worker/capstan_worker/__init__.py', import.meta.url)),
    'capstan_worker/bodies.py': source(new URL('./worker/capstan_worker/bodies.py', import.meta.url)),
    'capstan_worker/columns.py': source(new URL('./worker/capstan_worker/columns.py', import.meta.url)),
    'capstan_worker/frames.py': source(new URL('./worker/capstan_worker/frames.py', import.meta.url)),
    'capstan_worker/inputs.py': source(new URL('./worker/capstan_worker/inputs.py', import.meta.url)),
    'capstan_worker/old_mlflow.py': source(new URL('./worker/capstan_worker/old_mlflow.py', import.meta.url)),
    'capstan_worker/outputs.py': source(new URL('./worker/capstan_worker/outputs.py', import.meta.url)),
    'capstan_worker/process.py': source(new URL('./worker/capstan_worker/process.py', import.meta.url)),
    'capstan_worker/rows.py': source(new URL('./worker/capstan_worker/rows.py', import.meta.url)),
    'capstan_worker/scoring.py': source(new URL('./worker/capstan_worker/scoring.py', import.meta.url)),
    'capstan_worker/served.py': source(new URL('./worker/capstan_worker/served.py', import.meta.url)),
    'capstan_worker/specs.py': source(new URL('./worker/capstan_worker/specs.py', import.meta.url)),
  };
}

/** Writes the program under its hash, once. Returns its folder, which Python runs. */
export async function installProgram(folder: string): Promise<string> {
  const files = programFiles();
  const target = join(folder, `program-${digestOf(files).replace(/^.*:/, '').slice(0, 16)}`);
  if (await stat(target).catch(() => undefined)) return target;
  const temporary = `${target}.${process.pid}`;
  await rm(temporary, { recursive: true, force: true });
  await mkdir(join(temporary, 'capstan_worker'), { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(temporary, name), text);
  // Where another process was quicker, its copy is the same.
  await rename(temporary, target).catch(() => rm(temporary, { recursive: true, force: true }));
  return target;
}

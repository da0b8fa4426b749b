import { constants } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { digestOf } from '#kernel/digest';
import { builtProgram, copyProgram, programFiles, type ProgramFiles } from './program-files.ts';

/** Longer than anything may run of it. */
const KEPT_MS = 40 * 86_400_000;
const KEY_LENGTH = 16;
/** Libraries of the other platforms stay behind. */
const LIBRARY = /\/napi-v\d+\/(\w+\/\w+)\//;

/**
 * Puts what one command of this program needs, and the Node.js that runs it (`node`), into a folder of their own below
 * another: for machines of this one's kind that have neither. The same program is put there once; those that were not asked
 * for since nothing can run of them any more are removed. Returns the folder, where `./node main.js COMMAND` starts it.
 * @throws DomainError CONFLICT where the program is not built
 */
export async function layProgram(command: string, below: string): Promise<string> {
  const dist = builtProgram(fileURLToPath(import.meta.url));
  const program = ofThisPlatform(programFiles(dist, { command, hasParquet: true }));
  const place = join(below, await keyOf(dist, program));
  const isThere = await stat(place).then(
    () => true,
    () => false,
  );
  if (!isThere) await lay(dist, program, place);
  const now = new Date();
  await utimes(place, now, now);
  for (const name of await readdir(below)) {
    const other = join(below, name);
    const facts = await stat(other).catch(() => undefined);
    if (facts && now.getTime() - facts.mtimeMs > KEPT_MS) await rm(other, { recursive: true, force: true });
  }
  return place;
}

function ofThisPlatform(program: ProgramFiles): ProgramFiles {
  const own = `${process.platform}/${process.arch}`;
  return { ...program, files: program.files.filter((name) => (LIBRARY.exec(name)?.[1] ?? own) === own) };
}

async function keyOf(dist: string, { files, packages }: ProgramFiles): Promise<string> {
  const facts = await Promise.all(
    files.map(async (name) => {
      const { size, mtimeMs } = await stat(join(dist, name));
      return [name, size, mtimeMs];
    }),
  );
  const versions = packages.map(({ to, version }) => [to, version]);
  const node = [process.version, process.platform, process.arch, process.execPath];
  return digestOf({ node, facts, versions }).slice(-KEY_LENGTH);
}

async function lay(dist: string, program: ProgramFiles, place: string): Promise<void> {
  await mkdir(dirname(place), { recursive: true, mode: 0o700 });
  const partial = await mkdtemp(`${place}.`);
  try {
    await copyProgram(dist, program, partial);
    await copyFile(process.execPath, join(partial, 'node'), constants.COPYFILE_FICLONE);
    // Where somebody else was quicker, that copy is the same.
    await rename(partial, place).catch(async (error: unknown) => {
      await stat(place).catch(() => {
        throw error;
      });
    });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

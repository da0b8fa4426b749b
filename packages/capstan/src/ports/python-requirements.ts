import { readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { invalid } from '#kernel/errors';

export const REQUIREMENTS_FILE = 'requirements.txt';
const MAX_FILES = 50;

/**
 * The requirements file of a project with all that it includes, as pip reads them: text by path. Undefined where there is
 * none. An environment is shared by its content, so nothing outside that content may be installed.
 * @throws DomainError INVALID_ARGUMENT naming `file:line` for what is not content: editable and local packages
 */
export async function readRequirements(folder: string): Promise<ReadonlyMap<string, string> | undefined> {
  if (!existsSync(join(folder, REQUIREMENTS_FILE))) return undefined;
  const files = new Map<string, string>();
  const waiting = [REQUIREMENTS_FILE];
  for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
    if (files.has(file)) continue;
    if (files.size >= MAX_FILES) throw invalid(`${REQUIREMENTS_FILE} includes more than ${MAX_FILES} files`);
    const text = await readIncluded(folder, file);
    files.set(file, text);
    waiting.push(...includesOf(text, file));
  }
  return files;
}

async function readIncluded(folder: string, file: string): Promise<string> {
  try {
    return await readFile(join(folder, file), 'utf8');
  } catch (cause) {
    throw invalid(`${file} cannot be read`, { field: file, hint: `${REQUIREMENTS_FILE} includes it.`, cause });
  }
}

function includesOf(text: string, file: string): string[] {
  const includes: string[] = [];
  for (const [index, written] of text.split(/\r?\n/).entries()) {
    const line = written.replace(/(^|\s)#.*$/, '').trim();
    const place = `${file}:${index + 1}`;
    const included = /^(?:-r|--requirement|-c|--constraint)[ =]*(.+)$/.exec(line)?.[1];
    if (included !== undefined) includes.push(insidePath(file, included.trim(), place));
    else if (/^(?:-e|--editable)\b/.test(line) || /^\.{0,2}\//.test(line) || line === '.' || /@ *file:/.test(line)) {
      throw invalid(`${place}: '${line}' is a package in a folder, which cannot be kept in a shared environment`, {
        field: place,
        hint: 'Stages run in the project’s folder: import its modules from there, or publish the package.',
      });
    }
  }
  return includes;
}

function insidePath(from: string, path: string, place: string): string {
  const whole = posix.normalize(posix.join(dirname(from), path));
  if (!posix.isAbsolute(path) && !whole.startsWith('..') && !/^[a-z]+:\/\//.test(path)) return whole;
  throw invalid(`${place}: '${path}' lies outside the project`, {
    field: place,
    hint: 'Include files of the project only.',
  });
}

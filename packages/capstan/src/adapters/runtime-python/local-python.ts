import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { z } from 'zod';
import { messageOf } from '#kernel/errors';
import type { PythonNeeds } from './model-folder.ts';
import { minorOf } from './pythons.ts';
import { REQUIREMENTS_FILE } from '#ports/python-requirements';

const run = promisify(execFile);
const CHECK_TIMEOUT_MS = 60_000;

/** Prints, as a list in JSON, what of the requirements the interpreter does not have. */
const CHECK = `
import json, platform, sys
from importlib import metadata
try:
    from packaging.requirements import Requirement
except ImportError:
    from pip._vendor.packaging.requirements import Requirement
missing = []
required, constraints = json.loads(sys.argv[1])
for line in required + constraints:
    try:
        wanted = Requirement(line)
    except ValueError:
        missing.append("%s (cannot be checked)" % line)
        continue
    if wanted.marker is not None and not wanted.marker.evaluate():
        continue
    try:
        found = metadata.version(wanted.name)
    except metadata.PackageNotFoundError:
        if line in constraints and line not in required:
            continue
        missing.append("%s (not there)" % line)
        continue
    if not wanted.specifier.contains(found, prereleases=True):
        missing.append("%s (there is %s)" % (line, found))
print(json.dumps([platform.python_version(), missing]))
`;

/**
 * What an interpreter lacks of what a model needs; empty when it can be used as it is.
 * @param isRelaxed whether another minor version of Python will do
 */
export async function lackingIn(
  python: string,
  { files, version }: Pick<PythonNeeds, 'files' | 'version'>,
  environment: Readonly<Record<string, string>>,
  isRelaxed: boolean,
): Promise<readonly string[]> {
  const required: string[] = [];
  const constraints: string[] = [];
  for (const [file, text] of files) {
    // MLflow includes no other file but constraints.
    const list = file === REQUIREMENTS_FILE ? required : constraints;
    for (const written of text.split(/\r?\n/)) {
      const line = written.replace(/(^|\s)#.*$/, '').trim();
      if (line !== '' && !/^(-r|--requirement|-c|--constraint)\b/.test(line)) list.push(line);
    }
  }
  if (required.length === 0) return [`${REQUIREMENTS_FILE} is empty`];
  try {
    const { stdout } = await run(python, ['-I', '-c', CHECK, JSON.stringify([required, constraints])], {
      env: environment,
      timeout: CHECK_TIMEOUT_MS,
    });
    const [there, missing] = z.tuple([z.string(), z.array(z.string())]).parse(JSON.parse(stdout));
    const isOther = !isRelaxed && version !== undefined && minorOf(version) !== minorOf(there);
    return isOther ? [`Python ${version} (it is ${there})`, ...missing] : missing;
  } catch (error) {
    return [`it cannot be run: ${messageOf(error)}`];
  }
}

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { invalid } from '#kernel/errors';

export interface FoundPython {
  /** As it was named. */
  readonly program: string;
  readonly version: string;
  /** Said to the user where it is not the very version that the model was logged with. */
  readonly note?: string;
}

const PROBE_TIMEOUT_MS = 20_000;
const run = promisify(execFile);

/**
 * The interpreter for a model that wants a version: of its minor version, since packages are built for one. Where there is
 * none, `isRelaxed` takes the nearest there is.
 * @param programs names or paths, in the order of preference; `pythonX.Y` of the wanted version is looked for too
 * @throws DomainError INVALID_ARGUMENT (python) saying what was wanted, what is there, and how to allow another
 */
export async function findPython(
  wanted: string | undefined,
  programs: readonly string[],
  environment: Readonly<Record<string, string>>,
  isRelaxed: boolean,
): Promise<FoundPython> {
  const minor = wanted === undefined ? undefined : minorOf(wanted);
  const found: FoundPython[] = [];
  for (const program of [...programs, ...(minor === undefined ? [] : [`python${minor}`])]) {
    const version = await versionOf(program, environment);
    if (version === undefined) continue;
    if (minor === undefined || minorOf(version) === minor) {
      const note = `The model was logged with Python ${wanted}; it runs with ${version}`;
      return { program, version, ...(wanted !== undefined && wanted !== version && { note }) };
    }
    found.push({ program, version });
  }
  const best = found.toSorted((a, b) => distance(a.version, minor) - distance(b.version, minor))[0];
  if (best && isRelaxed) {
    return {
      ...best,
      note: `The model was logged with Python ${wanted}; it runs with ${best.version}, which may not do`,
    };
  }
  const there = found.map(({ program, version }) => `${version} (${program})`).join(', ');
  throw invalid(
    minor === undefined
      ? `There is no Python here: ${programs.join(', ')} cannot be run`
      : `The model wants Python ${wanted}; there is ${there === '' ? 'none' : `only ${there}`}`,
    {
      field: 'python',
      hint:
        minor === undefined
          ? 'Install Python 3, or name it with --python.'
          : `Install python${minor}, name it with --python, or allow another version with --relaxed-python.`,
    },
  );
}

async function versionOf(program: string, environment: Readonly<Record<string, string>>): Promise<string | undefined> {
  const script = 'import platform; print(platform.python_version())';
  try {
    const { stdout } = await run(program, ['-I', '-c', script], { env: environment, timeout: PROBE_TIMEOUT_MS });
    return stdout.trim();
  } catch {
    return undefined;
  }
}

export function minorOf(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}

function distance(version: string, minor: string | undefined): number {
  const [major = 0, number = 0] = version.split('.').map(Number);
  const [wantedMajor = 0, wantedNumber = 0] = (minor ?? '').split('.').map(Number);
  return Math.abs(major - wantedMajor) * 1000 + Math.abs(number - wantedNumber);
}

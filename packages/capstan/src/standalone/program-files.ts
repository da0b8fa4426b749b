import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { createRequire, isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';
import { conflict } from '#kernel/errors';

/** A package whose files go along. */
export interface CarriedPackage {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  /** Where it is, and where it goes below node_modules: two versions of one package keep their places. */
  readonly from: string;
  readonly to: string;
}

export interface ProgramFiles {
  /** Files of the built program, by their names. */
  readonly files: readonly string[];
  readonly packages: readonly CarriedPackage[];
  /** Where it reads Parquet, as Node.js names platforms: `linux-x64`. */
  readonly parquetOn: readonly string[];
}

/** For one platform, and as large as all else: carried where it is asked for. */
const PARQUET_ENGINE = '@duckdb/node-api';
/** Its code for one platform: npm has installed those that run here. */
const NATIVE = /^@duckdb\/node-bindings-(.+)$/;

interface Wanted {
  readonly command: string;
  /** Whether it reads and writes Parquet: a folder that serves takes the other bodies of MLflow's protocol. */
  readonly hasParquet: boolean;
}

const RELATIVE = /(?:from\s*|import\s*|import\(\s*|new URL\(\s*)"\.\/([^"]+)"/g;
const STATIC_RELATIVE = /^(?:import|export) .*?"\.\/([^"]+)";?$/gm;
const BARE = /^(?:import|export) (?:.*? from )?"([^".][^"]*)";?$|import\("([^".][^"]*)"\)/gm;

/**
 * What of a built program one of its commands needs: the program's entry, the command, whatever that leads to, and the
 * packages that any of it names. @throws DomainError CONFLICT where the program is not built, or has no reader of Parquet
 */
export function programFiles(dist: string, { command, hasParquet }: Wanted): ProgramFiles {
  const entry = 'main.js';
  if (!existsSync(join(dist, entry))) {
    throw conflict('The program is not built, and goes along', {
      field: 'program',
      hint: 'In a checkout: npm run build. An installed Capstan is built.',
    });
  }
  const read = (name: string): string => readFileSync(join(dist, name), 'utf8');
  const chunk = new RegExp(`import\\("\\./(${command}-[\\w-]+\\.js)"\\)`).exec(read(entry))?.[1];
  if (chunk === undefined) throw new Error(`the built program has no command ${command}`);
  const found = new Set<string>([entry, chunk]);
  // Of the entry only what it loads at once: the other commands stay behind. A set hands out what is added meanwhile.
  for (const [, name = ''] of read(entry).matchAll(STATIC_RELATIVE)) found.add(name);
  for (const name of found) {
    if (name === entry || !name.endsWith('.js') || name.includes('/')) continue;
    for (const [, next = ''] of read(name).matchAll(RELATIVE)) if (existsSync(join(dist, next))) found.add(next);
  }
  const vendor = [...found].flatMap((name) => /^vendor\/[^/]+/.exec(name)?.[0] ?? []);
  const files = [...found, ...vendor.flatMap((folder) => below(dist, folder)), 'THIRD-PARTY-LICENSES'];
  const code = files.filter((name) => name.endsWith('.js'));
  const named = code.flatMap((name) => [...read(name).matchAll(BARE)].map(([, fixed, later]) => fixed ?? later ?? ''));
  const wanted = [...new Set([...named, ...(vendor.length > 0 ? ['onnxruntime-common'] : [])])];
  const needed = wanted.filter((name) => !isBuiltin(name)).map(packageOf);
  const packages = carried(
    needed.filter((name) => hasParquet || name !== PARQUET_ENGINE),
    dist,
  );
  const parquetOn = packages.flatMap(({ name }) => NATIVE.exec(name)?.[1] ?? []);
  if (hasParquet && parquetOn.length === 0) {
    throw conflict('What reads Parquet is not installed for this platform, so it cannot be carried along', {
      field: 'program',
      hint: 'Install Capstan with its optional packages: npm install --include=optional.',
    });
  }
  return { files: [...new Set(files)].toSorted(), packages, parquetOn };
}

/** Puts them into a folder, which needs nothing but Node.js then. */
export async function copyProgram(from: string, { files, packages }: ProgramFiles, to: string): Promise<void> {
  for (const name of files) {
    await mkdir(dirname(join(to, name)), { recursive: true });
    await cp(join(from, name), join(to, name));
  }
  await writeFile(join(to, 'package.json'), '{"type":"module","private":true}\n');
  for (const each of packages) {
    // What a package has of other packages is carried by its own name; of maps and types nothing is run.
    const isWanted = (path: string): boolean =>
      !path.slice(each.from.length).includes('node_modules') && !/\.(map|d\.[cm]?ts|md)$/.test(path);
    await cp(each.from, join(to, 'node_modules', each.to), { recursive: true, dereference: true, filter: isWanted });
  }
}

function below(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
}

function packageOf(specifier: string): string {
  return /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier;
}

/** These packages with all that they depend on. */
function carried(names: readonly string[], from: string): CarriedPackage[] {
  const found = new Map<string, CarriedPackage>();
  const visit = (name: string, place: string, parents: readonly string[]): void => {
    const folder = folderOf(name, place);
    if (folder === undefined) return;
    const facts = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as PackageFacts;
    const flat = found.get(name);
    // The first of a name lies at the top; another version of it where only whoever needs it looks.
    const isOther = flat !== undefined && flat.from !== folder;
    const to = isOther ? [...parents, name].join('/node_modules/') : name;
    if (found.has(to)) return;
    found.set(to, { name, version: facts.version, license: licenseOf(facts), from: folder, to });
    const natives = Object.keys(facts.optionalDependencies ?? {}).filter((each) => NATIVE.test(each));
    for (const next of [...Object.keys(facts.dependencies ?? {}), ...natives].toSorted())
      visit(next, folder, isOther ? [...parents, name] : [name]);
  };
  for (const name of [...new Set(names)].toSorted()) visit(name, from, []);
  return [...found.values()].toSorted((a, b) => (a.to < b.to ? -1 : 1));
}

interface PackageFacts {
  readonly version: string;
  readonly license?: string | { readonly type?: string };
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

function licenseOf({ license }: PackageFacts): string {
  return (typeof license === 'string' ? license : license?.type) ?? 'not said';
}

/** The folder of a package as Node.js finds it from a place; undefined for one that is not installed. */
function folderOf(name: string, place: string): string | undefined {
  for (const folder of createRequire(join(place, 'x.js')).resolve.paths(name) ?? []) {
    if (existsSync(join(folder, name, 'package.json'))) return join(folder, name);
  }
  return undefined;
}

/** The folder of the built program: that of this file, or beside the sources in a checkout. */
export function builtProgram(here: string): string {
  return here.endsWith('.ts') ? join(dirname(here), '..', '..', 'dist') : dirname(here);
}

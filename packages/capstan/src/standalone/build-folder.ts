import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { snapshot, type ServedAccess, type ServedDeployment, type ServingRoute, type Snapshot } from '@capstan/api';
import { canonicalJson } from '#kernel/canonical-json';
import { digestOf } from '#kernel/digest';
import { conflict, notFound } from '#kernel/errors';
import { createModelFiles, type ControlPlane } from '#operations/serving';
import { filesBelow, MANIFEST, MODELS, PROGRAM, sha256Of, SNAPSHOT, type Manifest } from './manifest.ts';
import { builtProgram, copyProgram, programFiles, type CarriedPackage } from './program-files.ts';
import { dockerfile, readme, SERVE } from './texts.ts';

export interface BuildRequest {
  readonly deployment: string;
  /** Absolute. */
  readonly output: string;
  /** What lies there is removed. */
  readonly isForced: boolean;
  /** Carries what reads Parquet bodies, for the platform of this machine. */
  readonly withParquet: boolean;
  /** Of the program. */
  readonly version: string;
  readonly controlPlane: ControlPlane;
  readonly signal: AbortSignal;
}

export interface BuiltFolder {
  readonly manifest: Manifest;
  /** Of the manifest: the same for the same deployment and program. */
  readonly digest: string;
  readonly sizeBytes: number;
}

/**
 * Writes the champion of a deployment as a folder that serves it. Whole or not at all.
 * @throws DomainError NOT_FOUND; CONFLICT without a champion, for a folder that is not empty, a program that is not built, or
 *   Parquet where it cannot be carried or is not asked of the program
 */
export async function buildFolder(request: BuildRequest): Promise<BuiltFolder> {
  const { output, deployment, isForced, withParquet } = request;
  await refuseFull(output, isForced);
  const program = builtProgram(fileURLToPath(import.meta.url));
  const parts = programFiles(program, { command: 'serve', hasParquet: withParquet });
  const served = await servedBy(request, deployment);
  if (withParquet && served.route.flavor !== 'onnx') {
    throw conflict(`The model of ${deployment} is Python, which reads Parquet bodies by MLflow's own code`, {
      field: '--with-parquet',
      hint: 'Leave it out: its requirements decide what it reads.',
    });
  }
  const work = join(dirname(output), `.${basename(output)}.partial`);
  await rm(work, { recursive: true, force: true });
  try {
    await mkdir(join(work, PROGRAM), { recursive: true });
    const files = createModelFiles(join(work, MODELS), request.controlPlane, request.signal);
    const { route } = served;
    let python: string | null = null;
    // What is its whole folder: a model in Python, and one whose weights are in files beside it.
    if (route.flavor !== 'onnx' || route.digest === route.package) {
      const folder = await files.folder(route.digest);
      if (route.flavor !== 'onnx') python = await pythonOf(folder);
    } else {
      await files.file(route.digest);
      if (route.package !== null) await files.member(route.package, 'MLmodel');
    }
    await writeFile(join(work, SNAPSHOT), `${canonicalJson(served.snapshot)}\n`);
    await copyProgram(program, parts, join(work, PROGRAM));
    const manifest = await describe(work, request, { route, python, ...parts });
    await rm(output, { recursive: true, force: true });
    await rename(work, output);
    const sizeBytes = manifest.files.reduce((sum, file) => sum + file.sizeBytes, 0);
    return { manifest, digest: digestOf(manifest), sizeBytes };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function refuseFull(output: string, isForced: boolean): Promise<void> {
  const found = await stat(output).catch(() => undefined);
  if (!found) return;
  if (!found.isDirectory()) throw conflict(`${output} is a file`, { field: '--output' });
  const names = await readdir(output);
  if (names.length === 0) return;
  // Never what somebody else has put there.
  const isOurs = names.includes(MANIFEST) && names.includes(SNAPSHOT);
  if (isForced && isOurs) return;
  throw conflict(`The folder ${output} is not empty`, {
    field: '--output',
    hint: isOurs
      ? 'Use --force to build it anew.'
      : 'Name another one; --force is for folders that capstan build made.',
  });
}

interface Served {
  readonly snapshot: Snapshot;
  readonly route: ServingRoute;
}

/** The champion alone, as of no time: the same deployment gives the same bytes. */
async function servedBy({ controlPlane, signal }: BuildRequest, name: string): Promise<Served> {
  const { deployments, access } = await controlPlane.nextSnapshot(undefined, 0, signal);
  const found = deployments.find((each) => each.name === name);
  if (!found) {
    const known = deployments.map((each) => each.name).join(', ');
    throw notFound('deployment', name, `There is: ${known || 'none'}.`);
  }
  const champion = found.routes.find(({ role }) => role === 'champion');
  if (!champion) {
    throw conflict(`${name} has no champion yet`, {
      field: 'deployment',
      hint: 'Wait until its rollout has ended: capstan deploy MODEL --wait.',
    });
  }
  const route: ServingRoute = { ...champion, share: 1 };
  const { fallbackProbability, mode } = found.breaker;
  const deployment: ServedDeployment = {
    ...found,
    rollout: null,
    salt: name,
    routes: [route],
    warm: [],
    breaker: { state: 'closed', mode, fallbackProbability, lastKnownGood: null, reason: null },
  };
  const callers = accessTo(name, access);
  const content = { deployments: [deployment], ...(callers && { access: callers }) };
  // Another folder over the same data is news to the data plane there.
  const version = Number.parseInt(digestOf(content).slice(0, 8), 16);
  return { snapshot: snapshot.parse({ version, clock: 'system', now: 0, ...content }), route };
}

/** Whoever may call it may call the folder, and nobody else: of tokens it has the hashes. Undefined where none is declared. */
function accessTo(deployment: string, access: ServedAccess | undefined): ServedAccess | undefined {
  const consumers = (access?.consumers ?? []).filter(
    ({ deployments }) => deployments === null || deployments.includes(deployment),
  );
  const declaredOnly = (access?.declaredOnly ?? []).filter((name) => name === deployment);
  return consumers.length + declaredOnly.length === 0 ? undefined : { consumers, declaredOnly };
}

/** Minor version of Python that MLflow says a model was logged with. */
async function pythonOf(model: string): Promise<string | null> {
  const text = await readFile(join(model, 'python_env.yaml'), 'utf8').catch(() => '');
  return /^python: *["']?(\d+\.\d+)/m.exec(text)?.[1] ?? null;
}

interface Parts {
  readonly route: ServingRoute;
  readonly python: string | null;
  readonly packages: readonly CarriedPackage[];
  readonly parquetOn: readonly string[];
}

async function describe(
  work: string,
  { deployment, version }: BuildRequest,
  { route, python, packages, parquetOn }: Parts,
): Promise<Manifest> {
  const facts: Omit<Manifest, 'files'> = {
    schema: 'capstan/standalone.v1',
    capstan: version,
    deployment,
    revision: route.revision,
    model: { name: route.model, version: route.modelVersion, flavor: route.flavor, digest: route.digest },
    packages: packages.map(({ name, version: of, license, to }) => ({
      name,
      version: of,
      license,
      folder: `${PROGRAM}/node_modules/${to}`,
    })),
  };
  const described = { manifest: facts, python, parquetOn };
  await writeFile(join(work, 'serve.mjs'), SERVE);
  await writeFile(join(work, 'Dockerfile'), dockerfile(described));
  await writeFile(join(work, 'README.md'), readme(described));
  const files: Manifest['files'] = [];
  for (const path of await filesBelow(work)) {
    const file = join(work, path);
    files.push({ path, sha256: await sha256Of(file), sizeBytes: (await stat(file)).size });
  }
  const manifest: Manifest = { ...facts, files };
  await writeFile(join(work, MANIFEST), `${JSON.stringify(manifest, null, 1)}\n`);
  return JSON.parse(await readFile(join(work, MANIFEST), 'utf8')) as Manifest;
}

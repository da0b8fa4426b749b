import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

const NAME = 'onnxruntime-node';
const FOLDER = `vendor/${NAME}`;
const license = fileURLToPath(new URL('./onnxruntime.LICENSE', import.meta.url));

/**
 * The files that inference on the processor needs, by platform. Left out: what only Direct3D uses, Windows, where
 * Capstan does not run, and the second copy of the macOS library under its long name.
 */
const platformFiles = [
  'linux/x64/onnxruntime_binding.node',
  'linux/x64/libonnxruntime.so.1',
  'linux/arm64/onnxruntime_binding.node',
  'linux/arm64/libonnxruntime.so.1',
  'darwin/arm64/onnxruntime_binding.node',
  'darwin/arm64/libonnxruntime.1.dylib',
];

/**
 * Carries onnxruntime-node inside the published package instead of depending on it: its install script downloads CUDA
 * libraries from a third party at `npm install` on Linux, nothing here needs them, and npm 12 blocks such scripts.
 * The copy is unchanged but for the manifest, which loses the script and what only the script needs.
 */
export function carriedOnnxruntime(target: string): Plugin {
  return {
    name: 'capstan-carried-onnxruntime',
    enforce: 'pre',
    // The output is flat, so the path is the same from every chunk.
    resolveId: (source) => (source === NAME ? { id: `./${FOLDER}/dist/index.js`, external: true } : null),
    closeBundle() {
      copyPackage(join(target, FOLDER));
    },
  };
}

interface Manifest {
  readonly version: string;
  readonly license: string;
  readonly main: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

function copyPackage(target: string): void {
  const require = createRequire(import.meta.url);
  const source = dirname(require.resolve(`${NAME}/package.json`));
  const { version, license: terms, main, dependencies } = readManifest(join(source, 'package.json'));
  refuseOtherCommon(dependencies);
  for (const file of ['index.js', 'backend.js', 'binding.js', 'version.js']) {
    cpSync(join(source, 'dist', file), join(target, 'dist', file));
  }
  for (const file of platformFiles) {
    const from = join(source, 'bin', 'napi-v6', file);
    if (!existsSync(from)) throw new Error(`${NAME} ${version} has no ${file}: check packaging/onnxruntime.ts`);
    const to = join(target, 'bin', 'napi-v6', file);
    mkdirSync(dirname(to), { recursive: true });
    cpSync(from, to);
  }
  cpSync(license, join(target, 'LICENSE'));
  const manifest = { name: NAME, version, license: terms, main, private: true };
  writeFileSync(join(target, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** The copy loads onnxruntime-common as a dependency of Capstan, which must be the version it was made for. */
function refuseOtherCommon(dependencies: Manifest['dependencies']): void {
  const own = readManifest(fileURLToPath(new URL('../package.json', import.meta.url)));
  const [wanted, given] = [dependencies['onnxruntime-common'], own.dependencies['onnxruntime-common']];
  if (wanted !== given) {
    throw new Error(`${NAME} needs onnxruntime-common ${wanted}, package.json has ${given}`);
  }
}

function readManifest(file: string): Manifest {
  return JSON.parse(readFileSync(file, 'utf8')) as Manifest;
}

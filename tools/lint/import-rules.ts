// Turns the ordered list of layers into `no-restricted-imports` options, one per folder, depth and kind of file.
//
// oxlint's patterns know no look-around, so what is forbidden is spelled out: every face, package and built-in that
// exists, less those that are allowed. A rule set replaces the one before it, hence the last match must be complete.
import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { fileURLToPath } from 'node:url';
import {
  compositionRoots,
  fileRoles,
  layers,
  pureBuiltins,
  testPackages,
  typesEverywhere,
  vendors,
  type Layer,
} from './layers.ts';

/** One entry of the rule's `patterns`. */
interface Pattern {
  readonly regex: string;
  readonly message: string;
  readonly allowTypeImports?: true;
}

/** A part of the tree and the import rule that holds there. */
export interface ImportRule {
  readonly files: readonly string[];
  readonly patterns: readonly Pattern[];
}

type Role = 'plain' | 'store' | 'model' | 'test';

const SOURCE = '**/packages/capstan/src';
/** Folders in folders below a module's own that the rules know; deeper nesting is refused by tests/lint. */
export const deepestNesting = 3;

const wings = ['design', 'data', 'model', 'operations', 'ledger', 'protocols', 'adapters'];

/** Every import rule, the most general first. */
export function importRules(): ImportRule[] {
  return [
    { files: ['**'], patterns: [neverTheInterface] },
    ...packageRules(),
    { files: [`${SOURCE}/*.ts`], patterns: [...common('plain'), ...rootFile(), ...vendorPatterns('', 'plain')] },
    ...rootFilesThatDiffer(),
    ...layers.flatMap(layerRules),
    {
      files: wings.flatMap((wing) => fileRoles.tests.map((name) => `${SOURCE}/${wing}/${name}`)),
      patterns: [...common('test')],
    },
  ];
}

const neverTheInterface: Pattern = {
  regex: '^@capstan/ui(?:/|$)|(?:^|/)packages/ui/|^(?:\\.\\./)+ui/',
  message: 'nobody-imports-ui: the interface is reached over HTTP only.',
};

/** api imports zod; client imports api; ui imports both and its own libraries. None of them runs on Node.js alone. */
function packageRules(): ImportRule[] {
  const own: Record<string, readonly string[]> = {
    api: ['zod'],
    client: ['@capstan/api'],
    ui: Object.keys(manifest('packages/ui').dependencies),
  };
  const rule = (name: string, files: string, allowed: readonly string[]): ImportRule => ({
    files: [files],
    patterns: [
      ...(name === 'ui' ? [] : [neverTheInterface]),
      {
        regex: `^(?:${oneOf(everyPackage().filter((known) => !allowed.includes(known)))})(?:/|$)`,
        message: `package-direction: packages/${name} imports ${allowed.join(', ')} and nothing else.`,
      },
      {
        regex: anyBuiltin([]),
        message: `package-direction: packages/${name} runs in browsers too: no Node.js modules.`,
      },
      { regex: '^#', message: `package-direction: packages/${name} never reaches into the product.` },
      {
        regex: `^(?:\\.\\./)+(?:packages/)?(?:${oneOf(['api', 'client', 'ui', 'capstan'].filter((other) => other !== name))})/`,
        message: 'package-direction: other packages are reached by their name.',
      },
    ],
  });
  return Object.entries(own).flatMap(([name, allowed]) => [
    rule(name, `**/packages/${name}/src/**`, allowed),
    rule(name, `**/packages/${name}/src/**/*.test.ts`, [...allowed, ...testPackages]),
  ]);
}

function layerRules(layer: Layer): ImportRule[] {
  const roles: [Role, readonly string[]][] = [
    ['plain', ['*.ts']],
    ['store', fileRoles.stores],
    ...(layer.kind === 'module' ? [['model', fileRoles.models] satisfies [Role, readonly string[]]] : []),
    ['test', fileRoles.tests],
  ];
  return foldersOf(layer).flatMap((folder) =>
    roles.flatMap(([role, names]) =>
      Array.from({ length: deepestNesting + 1 }, (_, depth) => ({
        files: names.flatMap((name) => filesAt(folder, name, depth)),
        patterns: [
          ...common(role),
          ...orderPatterns(layer, role),
          ...escapePatterns(layer, depth, role),
          ...vendorPatterns(folder, role),
          ...(layer.kind === 'pure' || role === 'model'
            ? [purePattern(layer.kind === 'pure' ? 'kernel' : 'model.ts', role)]
            : []),
        ].filter((pattern) => pattern !== null),
      })),
    ),
  );
}

/** A name with a folder in it lies one level deeper than its folder. */
function filesAt(folder: string, name: string, depth: number): string[] {
  const levels = depth - (name.split('/').length - 1);
  return levels < 0 ? [] : [`${SOURCE}/${folder}/${'*/'.repeat(levels)}${name}`];
}

/** `adapters/*` stands for all of them, and for each that is named as the home of a package. */
function foldersOf({ folder }: Layer): string[] {
  if (!folder.endsWith('/*')) return [folder];
  const parent = folder.slice(0, -1);
  const homes = Object.values(vendors).flat();
  return [folder, ...new Set(homes.filter((home) => home.startsWith(parent)))];
}

function common(role: Role): Pattern[] {
  const always: Pattern[] = [
    neverTheInterface,
    {
      regex: `^#(?:${oneOf(wings)})/[^/]+/`,
      message: 'module-face: a module is imported by its face, index.ts, never by another of its files.',
    },
    {
      regex: '^(?:node:)?process$',
      message: 'environment: config.ts reads the environment; take what you need as an argument.',
    },
  ];
  if (role === 'test') return always;
  return [
    ...always,
    {
      regex: `^(?:${oneOf(testPackages)})(?:/|$)|^#(?:database|data|operations)/testing$|\\.test\\.ts$`,
      message: 'tests-only: for tests, not for the product.',
    },
  ];
}

/** Faces after this layer, its own among them, and those of kinds it may not use at all. */
function orderPatterns(layer: Layer, role: Role): (Pattern | null)[] {
  const position = layers.indexOf(layer);
  const forbidden = layers.filter((other, index) => {
    if (other.face === null) return false;
    // Tests bring the real adapters, database and formats with them.
    if (role === 'test' && !['module', 'composition'].includes(other.kind)) return false;
    // Kernel and ports have a face per file, so their files may use each other.
    if (other === layer && other.face.endsWith('/*') && ['pure', 'port'].includes(layer.kind)) return false;
    if (role === 'model' && other.kind !== 'pure' && other.kind !== 'module' && other.kind !== 'port') return true;
    return index >= position || (layer.only !== undefined && !layer.only.includes(other.kind));
  });
  if (forbidden.length === 0) return [];
  return [
    {
      regex: `^(?:${facesOf(forbidden)})`,
      message: `layer-order: ${layer.folder} may import only what stands before it in tools/lint/layers.ts.`,
    },
  ];
}

/** The imports that reach these layers: `#kernel/*` has a face for each file, most have one, some none. */
function facesOf(these: readonly Layer[]): string {
  const faces = these.flatMap(({ face }) => (face === null ? [] : [face]));
  return faces.map((face) => (face.endsWith('/*') ? face.slice(0, -1) : `${face}(?:/|$)`)).join('|');
}

function escapePatterns(layer: Layer, depth: number, role: Role): Pattern[] {
  const up = '(?:\\.\\./)';
  const message = 'module-escape: `../` never leaves a module; other modules are imported by their face.';
  // Beside composition folders stand app.ts, config.ts and their like, beside modules what their wing's tests share;
  // neither has a face.
  if (layer.kind === 'composition' || role === 'test') {
    return [{ regex: `^${up}{${depth + 1}}[^/.]+/|^${up}{${depth + 2}}`, message }];
  }
  return [{ regex: `^${up}{${depth + 1}}`, message }];
}

function vendorPatterns(place: string, role: Role): Pattern[] {
  if (role === 'test') return [];
  const isHome = (home: string) => home === 'everywhere' || home === place || (home === 'stores' && role === 'store');
  const reportedElsewhere = [...testPackages, '@capstan/ui'];
  const away = everyPackage().filter(
    (name) => !(vendors[name] ?? []).some(isHome) && !reportedElsewhere.includes(name),
  );
  const [typed, untyped] = [
    away.filter((name) => typesEverywhere.includes(name)),
    away.filter((name) => !typesEverywhere.includes(name)),
  ];
  const pattern = (names: readonly string[]): Pattern[] =>
    names.length === 0
      ? []
      : [
          {
            regex: `^(?:${oneOf(names)})(?:/|$)`,
            message: 'vendor-home: this package is imported in one place only, see `vendors` in tools/lint/layers.ts.',
          },
        ];
  return [...pattern(untyped), ...pattern(typed).map((entry) => ({ ...entry, allowTypeImports: true as const }))];
}

function purePattern(where: string, role: Role): Pattern | null {
  if (role === 'test') return null;
  return { regex: anyBuiltin(pureBuiltins), message: `purity: ${where} computes; it does no I/O.` };
}

function rootFile(): Pattern[] {
  const product = layers.filter(({ kind }) => kind !== 'pure');
  return [
    { regex: `^(?:${facesOf(product)})`, message: 'layer-order: only composition roots reach into the product.' },
    {
      regex: `^\\./(?:${oneOf([...compositionRoots])})$`,
      message: 'layer-order: composition roots are imported by the command line only.',
    },
    intoFolders,
  ];
}

const intoFolders: Pattern = {
  regex: `^\\./(?:${oneOf([...wings, 'kernel', 'ports', 'database', 'jobs', 'events', 'http', 'system'])})/`,
  message: 'module-face: a module is imported by its face, `#wing/module`.',
};

function rootFilesThatDiffer(): ImportRule[] {
  const homes = new Set(
    Object.values(vendors)
      .flat()
      .filter((home) => home.endsWith('.ts')),
  );
  return [
    ...[...homes].map((file) => ({
      files: [`${SOURCE}/${file}`],
      patterns: [...common('plain'), ...rootFile(), ...vendorPatterns(file, 'plain')],
    })),
    ...compositionRoots.map((file) => ({
      files: [`${SOURCE}/${file}`],
      patterns: [...common('plain'), intoFolders, ...vendorPatterns(file, 'plain')],
    })),
    { files: fileRoles.tests.map((name) => `${SOURCE}/${name}`), patterns: [...common('test')] },
  ];
}

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

function manifest(folder: string): Manifest {
  const file = fileURLToPath(new URL(`../../${folder}/package.json`, import.meta.url));
  return { dependencies: {}, devDependencies: {}, ...(JSON.parse(readFileSync(file, 'utf8')) as object) };
}

/** Every package that any part of the repository declares; knip refuses imports of undeclared ones. */
export function everyPackage(): string[] {
  const manifests = ['.', 'packages/api', 'packages/client', 'packages/capstan', 'packages/ui'].map(manifest);
  const names = manifests.flatMap(({ dependencies, devDependencies }) => [
    ...Object.keys(dependencies),
    ...Object.keys(devDependencies),
  ]);
  return [...new Set([...names, '@capstan/ui', 'capstan'])].toSorted();
}

function anyBuiltin(allowed: readonly string[]): string {
  const names = builtinModules
    .map((name) => name.replace(/^node:/, ''))
    .filter((name) => !name.startsWith('_') && !allowed.includes(`node:${name}`));
  return `^(?:node:)?(?:${oneOf([...names, 'sqlite', 'test', 'sea'])})$`;
}

function oneOf(texts: readonly string[]): string {
  return texts.map((text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)).join('|');
}

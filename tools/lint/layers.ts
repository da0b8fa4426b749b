// The one ordered list behind the import rules: a folder may import those before it, and nothing after it.
// oxlint.config.ts turns this into rules, tests/lint proves that they bite. Words and reasons: ARCHITECTURE.md.

/** A folder under packages/capstan/src whose files are one module, and how others name it. */
export interface Layer {
  /** Folder, relative to packages/capstan/src. `adapters/*` stands for each folder in it. */
  readonly folder: string;
  /** The import specifier of its face; null where nobody imports it. `#kernel/*` has one face a file. */
  readonly face: string | null;
  /** Kinds of layers that this one may import at most, whatever stands before it; all of them where left out. */
  readonly only?: readonly LayerKind[];
  readonly kind: LayerKind;
}

export type LayerKind =
  | 'pure'
  | 'port'
  | 'storage'
  | 'infrastructure'
  | 'module'
  | 'protocol'
  | 'adapter'
  | 'composition';

const infrastructure = ['database', 'jobs', 'events', 'http'] as const;

/** The life cycle in its order; ledger modules hear of the others through events and read tables of their own. */
const modules = [
  'design/projects',
  'data/datasets',
  'data/expectations',
  'data/features',
  'model/experiments',
  'model/traces',
  'model/evaluations',
  'model/pipelines',
  'model/sweeps',
  'model/registry',
  'model/imports',
  'model/gates',
  'operations/deployments',
  'operations/consumers',
  'operations/serving',
  'operations/predictions',
  'operations/batch-predictions',
  'operations/monitors',
  'operations/retraining',
  'operations/webhooks',
  'ledger/lineage',
  'ledger/value',
  'ledger/debt',
  'ledger/needs',
  'ledger/retention',
] as const;

/** The data plane has no database and outlives the control plane: only what needs neither. */
const DATA_PLANE = 'operations/serving';

/** Every layer, in order. */
export const layers: readonly Layer[] = [
  { folder: 'kernel', face: '#kernel/*', kind: 'pure' },
  { folder: 'ports', face: '#ports/*', kind: 'port' },
  ...infrastructure.map((folder): Layer => ({
    folder,
    face: `#${folder}`,
    kind: folder === 'database' ? 'storage' : 'infrastructure',
  })),
  ...modules.map((folder): Layer => ({
    folder,
    face: `#${folder}`,
    kind: 'module',
    ...(folder === DATA_PLANE && { only: ['pure', 'port', 'infrastructure'] }),
  })),
  // Health, time and metrics of the whole: no module asks for them.
  { folder: 'system', face: '#system', kind: 'infrastructure' },
  { folder: 'protocols/*', face: '#protocols/*', kind: 'protocol', only: ['pure', 'port', 'infrastructure', 'module'] },
  { folder: 'adapters/*', face: '#adapters/*', kind: 'adapter', only: ['pure', 'port'] },
  // What works in a checkout, with no server: commands use it, and so may whoever composes the server.
  { folder: 'repository', face: '#repository', kind: 'composition', only: ['pure', 'port', 'module', 'protocol'] },
  // A deployment as a folder that needs no control plane: commands make it and start from it.
  { folder: 'standalone', face: '#standalone', kind: 'composition', only: ['pure', 'port', 'module'] },
  { folder: 'wiring', face: null, kind: 'composition' },
  // The outside world of the main example: it knows the product by its HTTP only.
  { folder: 'demo', face: '#demo', kind: 'composition', only: ['pure', 'port', 'adapter'] },
  { folder: 'cli', face: null, kind: 'composition', only: ['pure', 'port', 'composition'] },
];

/** Root files of packages/capstan/src that compose the product and may import everything. */
export const compositionRoots = [
  'app.ts',
  'serving.ts',
  'batch-worker.ts',
  'build.ts',
  'predict-file.ts',
  'trackers.ts',
  'checkouts.ts',
  'remotes.ts',
  'main.ts',
] as const;

/**
 * Packages and the places that may import them, as paths under packages/capstan/src (a folder or a file). A package is
 * kept to one place, so that replacing it is one change; those of `everywhere` are the words schemas and logs are
 * written in. `stores` stands for every file that may hold SQL.
 */
export const vendors: Readonly<Record<string, readonly string[]>> = {
  '@aws-sdk/client-s3': ['adapters/remote-s3'],
  '@bufbuild/protobuf': ['protocols/otel', 'protocols/open-inference'],
  '@duckdb/node-api': ['adapters/analytics-duckdb'],
  '@capstan/client': ['cli', 'demo'],
  commander: ['cli'],
  croner: ['jobs'],
  'csv-parse': ['protocols/mlflow-scoring'],
  fastify: ['http'],
  'google-auth-library': ['adapters/remote-cloud'],
  kysely: ['database', 'stores'],
  // Only the copy of onnxruntime-node in the published package loads it.
  'onnxruntime-common': [],
  'onnxruntime-node': ['adapters/runtime-onnx'],
  pg: ['database', 'adapters/mlflow-source'],
  pino: ['logging.ts'],
  yaml: ['config.ts', 'kernel', 'design/projects', 'data/expectations', 'protocols/dvc', 'adapters/mlflow-source'],
  re2js: ['database'],
  'smol-toml': ['protocols/dvc'],
  undici: ['adapters/remote-s3'],
  zod: ['everywhere'],
  '@capstan/api': ['everywhere'],
};

/** Packages whose types may be named anywhere, since they only describe what is handed in. */
export const typesEverywhere: readonly string[] = ['pino'];

/** Places that may import a package which only tests have. */
export const testPackages: readonly string[] = ['vitest', 'fast-check'];

/** Files of a module, told apart by name; tests shared by a wing's modules lie in the wing's folder. */
export const fileRoles = {
  /** The only files that know SQL. */
  stores: ['store.ts', '*.store.ts', '*-store.ts'],
  /** Types, transitions and decisions: no I/O, no clock, no storage. */
  models: ['model.ts'],
  /** Suites, contract suites that adapters run, and what they share. */
  tests: ['*.test.ts', '*.contract.ts', 'testing.ts', 'testing-*.ts', '*-testing.ts', 'testing/*.ts'],
} as const;

/** What pure code may use of Node.js: it computes, and touches nothing. */
export const pureBuiltins: readonly string[] = ['node:crypto', 'node:util', 'node:assert'];

/** Globals that pure code must not touch: what they give is an argument there. `Date` is there for calendars. */
export const ambient: readonly string[] = [
  'performance',
  'process',
  'crypto',
  'fetch',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'console',
];

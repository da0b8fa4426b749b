// The one reader of flags, environment and configuration file. Everything else gets the frozen result.
// Order: flag > CAPSTAN_* > configuration file > default. Unknown keys are errors that name the nearest known one.
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { durationText } from '@capstan/api';
import { z } from 'zod';
import { invalid, messageOf } from '#kernel/errors';
import { nearest } from '#kernel/nearest';

const port = z.coerce.number().int().min(0).max(65_535);
const hostName = z
  .string()
  .regex(/^(\[[\da-f:.]+\]|[^\s:/@[\]]+)(:\d{1,5})?$/i, 'takes NAME or NAME:PORT, e.g. ml.example.org:8443');
const flag = z.union([z.boolean(), z.stringbool()]);
const target = z
  .string()
  .regex(/^(\[[\da-f:.]+\]|[^\s:/@[\]]+):\d{1,5}$/i, 'takes HOST:PORT, e.g. hooks.example.org:8443');
/** A list in the file, words with commas elsewhere. */
const listOf = <Item extends z.ZodType>(item: Item) =>
  z.preprocess(
    (given) =>
      typeof given === 'string'
        ? given
            .split(',')
            .map((word) => word.trim())
            .filter(Boolean)
        : given,
    z.array(item),
  );

interface Setting {
  readonly schema: z.ZodType;
  readonly fallback: unknown;
  readonly summary: string;
  /** Holds credentials inside a URL. */
  readonly isSecret?: true;
  /** Is a secret as a whole. */
  readonly isHidden?: true;
  /** A variable of MLflow's that means the same, for those who have it set already. */
  readonly mlflowVariable?: string;
}

/** Every setting: `--serving-port`, `CAPSTAN_SERVING_PORT` and `servingPort:` are one. */
export const settings = {
  host: { schema: z.string().min(1), fallback: '127.0.0.1', summary: 'Address the control plane listens on' },
  port: { schema: port, fallback: 5050, summary: 'Port of the control plane; 0 takes a free one' },
  servingPort: { schema: port, fallback: 5051, summary: 'Port of the data plane; 0 takes a free one' },
  grpcPort: {
    schema: port.nullable(),
    fallback: null,
    summary: 'Port of the data plane for gRPC; 0 takes a free one (default: 5052, or 0 where --serving-port is 0)',
  },
  grpc: { schema: flag, fallback: true, summary: 'Answer over gRPC beside HTTP' },
  grpcMessageBytes: {
    schema: z.coerce
      .number()
      .int()
      .min(1_024)
      .max(2 ** 31 - 1),
    fallback: 128 * 2 ** 20,
    summary: 'Largest message taken over gRPC, in bytes',
  },
  serving: { schema: flag, fallback: true, summary: 'Run a data plane beside the control plane' },
  data: { schema: z.string().min(1), fallback: '.capstan', summary: 'Directory of all data, logs and environments' },
  database: {
    schema: z.string().min(1).nullable(),
    fallback: null,
    summary: 'sqlite:PATH or postgresql://…; default: sqlite in the data directory',
    isSecret: true,
  },
  artifacts: {
    schema: z.string().min(1).nullable(),
    fallback: null,
    summary: 'Place of artifact bytes; default: the data directory',
  },
  allowedHosts: {
    schema: listOf(hostName),
    fallback: [],
    summary: 'Further names that clients may use, each NAME or NAME:PORT, separated by commas',
  },
  webhookSchemes: {
    schema: listOf(z.enum(['https', 'http'])),
    fallback: ['https'],
    summary: 'Schemes that addresses of webhooks may have, separated by commas',
    mlflowVariable: 'MLFLOW_WEBHOOK_ALLOWED_SCHEMES',
  },
  webhookPrivateTargets: {
    schema: flag,
    fallback: false,
    summary: 'Let webhooks reach any private or loopback address (for development)',
    mlflowVariable: 'MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS',
  },
  outboundTargets: {
    schema: listOf(target),
    fallback: [],
    summary: 'Private targets that the server may call, each HOST:PORT, separated by commas',
  },
  secretKey: {
    schema: z.string().min(16, 'takes at least 16 characters').nullable(),
    fallback: null,
    summary: 'What stored secrets are encrypted with; default: a file in the data directory',
    isHidden: true,
  },
  clock: {
    schema: z.enum(['system', 'simulated']),
    fallback: 'system',
    summary: 'simulated: time moves only when told to',
  },
  python: { schema: z.string().min(1), fallback: 'python3', summary: 'Python that project environments are made from' },
  servingProcesses: {
    schema: z.coerce.number().int().min(1).max(64),
    fallback: 1,
    summary: 'Processes of the data plane beside the control plane; they share its ports',
  },
  servingPython: {
    schema: z.string().min(1).nullable(),
    fallback: null,
    summary: 'A Python that is used as it is by models whose requirements it satisfies; others get environments',
  },
  relaxedPython: {
    schema: flag,
    fallback: false,
    summary: 'Let a model run with another minor version of Python than it was logged with, where that is missing',
  },
  modelWorkers: {
    schema: z.coerce.number().int().min(1).max(256),
    fallback: 1,
    summary: 'Processes of each Python model that is served',
  },
  modelMemory: {
    schema: z.coerce
      .number()
      .int()
      .min(2 ** 20),
    fallback: 4 * 2 ** 30,
    summary: 'Memory that a process of a Python model may take, in bytes',
  },
  resultCache: {
    schema: z.coerce.number().int().min(0),
    fallback: 0,
    summary: 'Bytes of answers kept for the same inputs, for models that always answer the same; 0 keeps none',
  },
  environments: {
    schema: z.string().min(1).nullable(),
    fallback: null,
    summary: 'Directory of Python environments; default: the data directory',
  },
  trashRetention: {
    schema: z.union([z.literal('never').transform(() => null), z.null(), durationText]),
    fallback: null,
    summary: 'How long deleted things stay in the trash, e.g. 30d; never: until someone purges them',
  },
  predictionRetention: {
    schema: z.union([z.literal('never').transform(() => null), z.null(), durationText]),
    fallback: null,
    summary: 'How long the log of predictions is kept, e.g. 90d; never: for ever',
  },
  blobGrace: {
    schema: z.union([z.int(), durationText]),
    fallback: 3_600_000,
    summary: 'How long bytes that nothing refers to are kept for uploads under way, e.g. 1h',
  },
  publicUrl: {
    schema: z
      .url({ protocol: /^https?$/ })
      .transform((url) => url.replace(/\/+$/, ''))
      .nullable(),
    fallback: null,
    summary: 'Address of the control plane in links it gives to clients; default: the one they call',
  },
  jobConcurrency: { schema: z.coerce.number().int().min(1).max(64), fallback: 4, summary: 'Jobs worked on at once' },
  stageSlots: {
    schema: z.coerce.number().int().min(1).max(1_024).nullable(),
    fallback: null,
    summary: 'Cores that stages of pipelines may take at once, one each unless they declare more; default: all',
  },
  rayAddress: {
    schema: z
      .url({ protocol: /^https?$/ })
      .transform((url) => url.replace(/\/+$/, ''))
      .nullable(),
    fallback: null,
    summary: 'Dashboard of the Ray cluster that commands with `executor: ray` run on, e.g. http://127.0.0.1:8265',
  },
  rayToken: {
    schema: z.string().min(1).nullable(),
    fallback: null,
    summary: "Ray's own token (RAY_AUTH_TOKEN), without which it is not used",
    isHidden: true,
  },
  rayTokenFile: {
    schema: z.string().min(1).nullable(),
    fallback: null,
    summary: 'File with that token, instead of it',
  },
  rayListen: {
    schema: target,
    fallback: '127.0.0.1:0',
    summary: 'HOST:PORT of this machine that nodes of Ray call back to; port 0 takes a free one',
  },
  rayListenUrl: {
    schema: z
      .url({ protocol: /^https?$/ })
      .transform((url) => url.replace(/\/+$/, ''))
      .nullable(),
    fallback: null,
    summary: 'The same as the nodes reach it, where that is another address',
  },
  rayCacheBytes: {
    schema: z.coerce.number().int().min(0),
    fallback: 20 * 2 ** 30,
    summary: 'What each node of Ray may keep of files and Python environments for later commands, in bytes',
  },
  slurm: {
    schema: flag,
    fallback: false,
    summary: 'Let projects run stages as jobs of the Slurm cluster that this machine submits to (`executor: slurm`)',
  },
  slurmPartition: {
    schema: z.string().min(1).nullable(),
    fallback: null,
    summary: 'Partition of those jobs; default: the cluster’s',
  },
  slurmAccount: {
    schema: z.string().min(1).nullable(),
    fallback: null,
    summary: 'Account that they are charged to; default: the user’s',
  },
  slurmQos: {
    schema: z.string().min(1).nullable(),
    fallback: null,
    summary: 'Quality of service of those jobs; default: the user’s',
  },
  runLostAfter: {
    schema: z.coerce.number().int().min(1),
    fallback: 600,
    summary: 'Seconds without any write after which a run that claims to run is shown as lost',
  },
  logLevel: {
    schema: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']),
    fallback: 'info',
    summary: 'Least severe lines to log',
  },
  accessLog: { schema: flag, fallback: false, summary: 'Log requests of the data plane, without inputs and outputs' },
  checkReplies: { schema: flag, fallback: false, summary: 'Check every answer against its schema (for development)' },
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof settings;
type Values = { readonly [K in SettingName]: z.output<(typeof settings)[K]['schema']> };

/** The resolved settings; paths are absolute. */
export interface Config extends Omit<Values, 'database' | 'artifacts' | 'environments' | 'grpcPort'> {
  readonly grpcPort: number;
  readonly database: string;
  readonly artifacts: string;
  readonly environments: string;
  /** All of the server's own environment that commands of pipeline stages get. */
  readonly commandEnvironment: Readonly<Record<string, string>>;
  /** The same for installing packages, with what pip and uv are told by: indexes, proxies, certificates. */
  readonly installerEnvironment: Readonly<Record<string, string>>;
}

export interface Origin {
  readonly name: SettingName;
  readonly value: unknown;
  /** `--flag`, `CAPSTAN_NAME`, the file's path, or `default`. */
  readonly from: string;
}

export interface ConfigSources {
  /** By setting name, as the command line gave them; undefined where it did not. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

const CONFIG_FILE_VARIABLE = 'CAPSTAN_CONFIG';
/** Variables of other parts of the product that share the prefix. */
const OTHER_VARIABLES = new Set([CONFIG_FILE_VARIABLE, 'CAPSTAN_URL', 'CAPSTAN_ATTEMPT_ID', 'CAPSTAN_DATA_DIR']);

const DEFAULT_GRPC_PORT = 5052;

const COMMAND_VARIABLES = /^(PATH|HOME|LANG|LC_ALL|TMPDIR|TZ)$/;
const INSTALLER_VARIABLES =
  /^((PIP|UV)_\w+|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|(HTTPS?|NO|ALL)_PROXY|(https?|no|all)_proxy)$/;

export function flagOf(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function variableOf(name: string): string {
  return `CAPSTAN_${name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** @throws DomainError INVALID_ARGUMENT naming the setting and where its value came from */
export async function loadConfig(sources: ConfigSources): Promise<{ config: Config; origins: readonly Origin[] }> {
  const file = await readConfigFile(sources);
  refuseUnknownVariables(sources.env);
  const origins = (Object.keys(settings) as SettingName[]).map((name) => originOf(name, sources, file));
  const values = Object.fromEntries(origins.map((origin) => [origin.name, origin.value])) as unknown as Values;
  const data = resolve(sources.cwd, values.data);
  const config: Config = Object.freeze({
    ...values,
    data,
    database: values.database ?? `sqlite:${join(data, 'capstan.db')}`,
    artifacts: resolve(sources.cwd, values.artifacts ?? join(data, 'artifacts')),
    // Whoever asks for any port wants no fixed one beside it.
    grpcPort: values.grpcPort ?? (values.servingPort === 0 ? 0 : DEFAULT_GRPC_PORT),
    environments: resolve(sources.cwd, values.environments ?? join(data, 'environments')),
    commandEnvironment: variablesLike(sources.env, COMMAND_VARIABLES),
    installerEnvironment: {
      ...variablesLike(sources.env, COMMAND_VARIABLES),
      ...variablesLike(sources.env, INSTALLER_VARIABLES),
    },
  });
  return { config, origins };
}

function variablesLike(env: ConfigSources['env'], names: RegExp): Record<string, string> {
  const chosen = Object.entries(env).filter(([name]) => names.test(name));
  return Object.fromEntries(chosen.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** A value as people may see it. */
export function displayValue(origin: Origin): string {
  const setting: Setting = settings[origin.name];
  if (setting.isHidden && origin.value !== null) return '***';
  if (setting.isSecret && typeof origin.value === 'string') return origin.value.replace(/:\/\/[^@/]*@/, '://***@');
  if (origin.value === null) return '';
  return typeof origin.value === 'string' ? origin.value : JSON.stringify(origin.value);
}

function originOf(name: SettingName, sources: ConfigSources, file: ConfigFile): Origin {
  const { mlflowVariable }: Setting = settings[name];
  const candidates: [unknown, string][] = [
    [sources.flags[name], flagOf(name)],
    [sources.env[variableOf(name)], variableOf(name)],
    ...(mlflowVariable === undefined ? [] : [[sources.env[mlflowVariable], mlflowVariable] as [unknown, string]]),
    [file.values[name], file.path],
  ];
  for (const [given, from] of candidates) {
    if (given === undefined) continue;
    const parsed = settings[name].schema.safeParse(given);
    if (!parsed.success) {
      const reason = parsed.error.issues.map((issue) => issue.message).join('; ');
      throw invalid(`${from}: ${reason}`, { field: name, hint: settings[name].summary });
    }
    return { name, value: parsed.data, from };
  }
  return { name, value: settings[name].fallback, from: 'default' };
}

interface ConfigFile {
  readonly path: string;
  readonly values: Readonly<Record<string, unknown>>;
}

async function readConfigFile({ env, cwd }: ConfigSources): Promise<ConfigFile> {
  const named = env[CONFIG_FILE_VARIABLE];
  const standard = join(env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'), 'capstan', 'config.yaml');
  const path = named === undefined ? standard : resolve(cwd, named);
  if (!existsSync(path)) {
    if (named === undefined) return { path, values: {} };
    throw invalid(`${CONFIG_FILE_VARIABLE} names ${path}, which does not exist`, { field: CONFIG_FILE_VARIABLE });
  }
  // Here, not at the top: most starts have no such file, and the data plane reads no other YAML.
  const { parse: parseYaml } = await import('yaml');
  let values: unknown;
  try {
    values = parseYaml(readFileSync(path, 'utf8')) ?? {};
  } catch (cause) {
    throw invalid(`${path} is not YAML: ${messageOf(cause)}`, { field: path, cause });
  }
  if (typeof values !== 'object' || values === null || Array.isArray(values)) {
    throw invalid(`${path} must be a map of settings`, { field: path });
  }
  for (const key of Object.keys(values)) {
    if (!(key in settings)) throw unknownSetting(key, `${path}: '${key}'`, Object.keys(settings));
  }
  return { path, values: values as Record<string, unknown> };
}

function refuseUnknownVariables(env: ConfigSources['env']): void {
  const known = (Object.keys(settings) as SettingName[]).map(variableOf);
  for (const name of Object.keys(env)) {
    if (!name.startsWith('CAPSTAN_') || OTHER_VARIABLES.has(name) || known.includes(name)) continue;
    throw unknownSetting(name, `the environment variable ${name}`, known);
  }
}

function unknownSetting(name: string, where: string, known: readonly string[]) {
  const suggestion = nearest(name, known);
  return invalid(`Unknown setting: ${where}`, {
    field: name,
    hint: suggestion ? `Did you mean ${suggestion}?` : `Known: ${known.join(', ')}`,
  });
}

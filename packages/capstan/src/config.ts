// The one reader of flags, environment and configuration file (settings.ts lists them). Everything else gets the frozen result.
// Order: flag > CAPSTAN_* > configuration file > default. Unknown keys are errors that name the nearest known one.
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { invalid, messageOf } from '#kernel/errors';
import { nearest } from '#kernel/nearest';
import { settings, type Setting, type SettingName, type Values } from './settings.ts';

/** The resolved settings; paths are absolute. */
export interface Config extends Omit<Values, 'database' | 'artifacts' | 'environments' | 'grpcPort'> {
  readonly grpcPort: number;
  readonly database: string;
  readonly artifacts: string;
  readonly environments: string;
  /** Of processes of the data plane: its own, and that memory which a model gives back is given back to the system. */
  readonly servingEnvironment: Readonly<Record<string, string | undefined>>;
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
const OTHER_VARIABLES = new Set([
  CONFIG_FILE_VARIABLE,
  'CAPSTAN_URL',
  'CAPSTAN_CONSUMER_TOKEN',
  'CAPSTAN_ATTEMPT_ID',
  'CAPSTAN_DATA_DIR',
]);

const DEFAULT_GRPC_PORT = 5052;

/** Of a process that was started without one: a shell finds programs then, and Python not where it is itself. */
const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin';
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
  const commandEnvironment = { PATH: DEFAULT_PATH, ...variablesLike(sources.env, COMMAND_VARIABLES) };
  const config: Config = Object.freeze({
    ...values,
    data,
    database: values.database ?? `sqlite:${join(data, 'capstan.db')}`,
    artifacts: resolve(sources.cwd, values.artifacts ?? join(data, 'artifacts')),
    // Whoever asks for any port wants no fixed one beside it.
    grpcPort: values.grpcPort ?? (values.servingPort === 0 ? 0 : DEFAULT_GRPC_PORT),
    environments: resolve(sources.cwd, values.environments ?? join(data, 'environments')),
    servingEnvironment: {
      MALLOC_MMAP_THRESHOLD_: '1048576',
      ...sources.env,
      // Not in its command line, which others may read.
      ...(values.otlpHeaders !== null && { CAPSTAN_OTLP_HEADERS: values.otlpHeaders }),
    },
    commandEnvironment,
    installerEnvironment: { ...commandEnvironment, ...variablesLike(sources.env, INSTALLER_VARIABLES) },
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
  const { sameAs }: Setting = settings[name];
  const candidates: [unknown, string][] = [
    [sources.flags[name], flagOf(name)],
    [sources.env[variableOf(name)], variableOf(name)],
    ...(sameAs === undefined ? [] : [[sources.env[sameAs], sameAs] as [unknown, string]]),
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

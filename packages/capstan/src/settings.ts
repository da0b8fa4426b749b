// Every setting: its schema, what it is without being set, and what `--help` says of it. Read by config.ts alone.
import { durationText, size } from '@capstan/api';
import { z } from 'zod';

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

export interface Setting {
  readonly schema: z.ZodType;
  readonly fallback: unknown;
  readonly summary: string;
  /** Holds credentials inside a URL. */
  readonly isSecret?: true;
  /** Is a secret as a whole. */
  readonly isHidden?: true;
  /** A variable of others, MLflow or OpenTelemetry, that means the same, for those who have it set already. */
  readonly sameAs?: string;
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
    sameAs: 'MLFLOW_WEBHOOK_ALLOWED_SCHEMES',
  },
  webhookPrivateTargets: {
    schema: flag,
    fallback: false,
    summary: 'Let webhooks reach any private or loopback address (for development)',
    sameAs: 'MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS',
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
  predictionLogSync: {
    schema: z.enum(['none', 'interval', 'always']),
    fallback: 'none',
    summary:
      'When the log of predictions is on disk: always before the answer goes out, at an interval of a second, or when the system (none) writes it',
  },
  modelMemoryBudget: {
    schema: z.union([
      z.literal('none'),
      z.null(),
      size,
      z.coerce
        .number()
        .int()
        .min(2 ** 20),
    ]),
    fallback: null,
    summary:
      'What all models of a process of the data plane may take, e.g. 4GiB; the ones used longest ago are unloaded beyond it. none: as much as they want (default: 80 % of the memory, shared by the processes)',
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
  batchResultRetention: {
    schema: z.union([z.literal('never').transform(() => null), z.null(), durationText]),
    fallback: 30 * 86_400_000,
    summary:
      'How long results of batch predictions are kept that became no dataset version, e.g. 90d; never: for ever; default: 30d',
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
    summary:
      'Let stages and batch predictions run as jobs of the Slurm cluster that this machine submits to (`executor: slurm`)',
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
  otlpEndpoint: {
    schema: z
      .url({ protocol: /^https?$/ })
      .transform((url) => url.replace(/\/+$/, ''))
      .nullable(),
    fallback: null,
    summary:
      'Collector of OpenTelemetry that gets the traces of predictions, by OTLP over HTTP, e.g. http://127.0.0.1:4318',
    sameAs: 'OTEL_EXPORTER_OTLP_ENDPOINT',
  },
  otlpHeaders: {
    schema: z
      .string()
      .regex(/^[\w-]+=[^,]*(,[\w-]+=[^,]*)*$/, 'takes NAME=VALUE, several separated by commas')
      .nullable(),
    fallback: null,
    summary: 'Headers for that collector, NAME=VALUE separated by commas',
    isHidden: true,
    sameAs: 'OTEL_EXPORTER_OTLP_HEADERS',
  },
  traceShare: {
    schema: z.coerce.number().min(0).max(1),
    fallback: 0,
    summary:
      'Share of the predictions that are traced though their callers trace nothing; those of callers that do always are',
  },
  accessLog: { schema: flag, fallback: false, summary: 'Log requests of the data plane, without inputs and outputs' },
  checkReplies: { schema: flag, fallback: false, summary: 'Check every answer against its schema (for development)' },
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof settings;
export type Values = { readonly [K in SettingName]: z.output<(typeof settings)[K]['schema']> };

import { z } from 'zod';
import { durationText, formatDuration } from './duration.ts';
import { formatSize, size, sizeText } from './size.ts';

// How a model runs in a data plane: part of a revision, so that it is rolled out and back with it. What is left out is as
// the data plane's own settings have it. In capstan.yaml and on the command line the names are Triton's where it has one.

const DAY_MS = 86_400_000;
const batchSize = z.int().min(1).max(100_000);
const timeoutMs = z.int().min(1, 'at least 1ms').max(DAY_MS, 'at most 1d');

const fields = {
  /** Rows of one execution; requests of more are split. 1: never together with others. */
  maxBatchSize: batchSize,
  /** Once so many rows wait they go, the largest that is there, before the delay is over. */
  preferredBatchSizes: z.array(batchSize).min(1).max(16),
  /** How long the oldest request waits for others while an instance is free. */
  maxQueueDelayMs: z.int().min(0).max(60_000, 'at most 60s'),
  /** Rows that may wait; more are refused. */
  maxQueueSize: z.int().min(1).max(10_000_000),
  /** Of requests that name no deadline of their own. */
  defaultTimeoutMs: timeoutMs,
  /** The longest that a caller can ask for, and that an execution may take. */
  maxTimeoutMs: timeoutMs,
  /** Processes of a Python model. */
  workers: z.int().min(1).max(256),
  /** Resident memory that each may take. */
  workerMemoryBytes: z.int().min(2 ** 20, 'at least 1MiB'),
  /** Of answers kept for the same inputs; 0 keeps none. */
  resultCacheBytes: z.int().min(0),
  /** Threads that an operator of an ONNX model is spread over. */
  intraOpThreads: z.int().min(1).max(256),
  /** After so long without a request the model gives its memory back; the next request loads it again. */
  idleAfterMs: z
    .int()
    .min(1_000, 'at least 1s')
    .max(366 * DAY_MS, 'at most 366d'),
};

export const servingSettings = z.strictObject(fields).partial();
export type ServingSettings = z.infer<typeof servingSettings>;

/** What is to be otherwise than now; null takes a setting back. */
export const servingChange = z
  .strictObject({
    maxBatchSize: fields.maxBatchSize.nullable(),
    preferredBatchSizes: fields.preferredBatchSizes.nullable(),
    maxQueueDelayMs: fields.maxQueueDelayMs.nullable(),
    maxQueueSize: fields.maxQueueSize.nullable(),
    defaultTimeoutMs: fields.defaultTimeoutMs.nullable(),
    maxTimeoutMs: fields.maxTimeoutMs.nullable(),
    workers: fields.workers.nullable(),
    workerMemoryBytes: fields.workerMemoryBytes.nullable(),
    resultCacheBytes: fields.resultCacheBytes.nullable(),
    intraOpThreads: fields.intraOpThreads.nullable(),
    idleAfterMs: fields.idleAfterMs.nullable(),
  } satisfies Record<keyof typeof fields, z.ZodType>)
  .partial();
export type ServingChange = z.infer<typeof servingChange>;

export type ServingField = keyof ServingSettings;

/** How people write a setting, and how it is written for them. */
interface Kind {
  parse(text: string): unknown;
  format(value: number | number[]): string;
}

const whole: Kind = { parse: Number, format: String };
const duration: Kind = { parse: (text) => durationText.parse(text), format: (ms) => formatDuration(Number(ms)) };
const bytes: Kind = { parse: (text) => sizeText.parse(text), format: (count) => formatSize(Number(count)) };
const wholes: Kind = { parse: (text) => text.split(',').map(Number), format: (list) => [list].flat().join(',') };

/** By field: its name in capstan.yaml, with dots for nesting. */
const WORDS = {
  maxBatchSize: { path: 'max_batch_size', kind: whole },
  preferredBatchSizes: { path: 'dynamic_batching.preferred_batch_size', kind: wholes },
  maxQueueDelayMs: { path: 'dynamic_batching.max_queue_delay', kind: duration },
  maxQueueSize: { path: 'dynamic_batching.max_queue_size', kind: whole },
  defaultTimeoutMs: { path: 'timeout.default', kind: duration },
  maxTimeoutMs: { path: 'timeout.max', kind: duration },
  workers: { path: 'instance_group.count', kind: whole },
  workerMemoryBytes: { path: 'instance_group.memory', kind: bytes },
  resultCacheBytes: { path: 'response_cache', kind: bytes },
  intraOpThreads: { path: 'intra_op_thread_count', kind: whole },
  idleAfterMs: { path: 'idle_after', kind: duration },
} as const satisfies Record<ServingField, { readonly path: string; readonly kind: Kind }>;

const ENTRIES = Object.entries(WORDS) as [ServingField, (typeof WORDS)[ServingField]][];

/** Every name that `capstan.yaml` has for a setting. */
export const servingPaths: readonly string[] = ENTRIES.map(([, { path }]) => path);

/** The name of a setting in capstan.yaml, e.g. `dynamic_batching.max_queue_delay`. */
export function servingPath(field: ServingField): string {
  return WORDS[field].path;
}

/** `deployment.serving` of capstan.yaml; `length` reads lengths of time. */
export function servingYaml<Length extends z.ZodType<number>>(length: Length) {
  const about = (description: string) => ({ description });
  return z
    .strictObject({
      max_batch_size: fields.maxBatchSize.optional().meta(about('Rows of one execution; 1: never with others')),
      dynamic_batching: z
        .strictObject({
          preferred_batch_size: fields.preferredBatchSizes
            .optional()
            .meta(about('Rows that go before the delay is over')),
          max_queue_delay: length.optional().meta(about('How long a request waits for others, e.g. 2ms')),
          max_queue_size: fields.maxQueueSize.optional().meta(about('Rows that may wait; more are refused')),
        })
        .optional(),
      timeout: z
        .strictObject({
          default: length.optional().meta(about('Of requests that name no deadline')),
          max: length.optional().meta(about('The longest that a caller can ask for')),
        })
        .optional(),
      instance_group: z
        .strictObject({
          count: fields.workers.optional().meta(about('Processes of a Python model')),
          memory: size.optional().meta(about('Memory that each may take, e.g. 2GiB')),
        })
        .optional(),
      response_cache: size.optional().meta(about('Bytes of answers kept for the same inputs, e.g. 64MiB')),
      intra_op_thread_count: fields.intraOpThreads.optional().meta(about('Threads of an operator of an ONNX model')),
      idle_after: length.optional().meta(about('Unloaded after so long without a request, e.g. 10m')),
    })
    .superRefine((written, context) => {
      for (const { path, message } of servingProblems(servingOf(written)))
        context.addIssue({ code: 'custom', path: path.split('.'), message });
    });
}

/** The settings in what capstan.yaml declares, times in milliseconds. */
export function servingOf(written: object): ServingSettings {
  const found: Record<string, unknown> = {};
  for (const [field, { path }] of ENTRIES) {
    const value = path
      .split('.')
      .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], written);
    if (value !== undefined) found[field] = value;
  }
  return found;
}

/** What is wrong with settings, each by the name of the setting in capstan.yaml; none where they can be used. */
export function servingProblems(settings: ServingSettings): { readonly path: string; readonly message: string }[] {
  const parsed = servingSettings.safeParse(settings);
  if (!parsed.success) {
    return parsed.error.issues.map(({ path: [field], message }) => {
      return { path: WORDS[field as ServingField]?.path ?? String(field), message };
    });
  }
  const { maxBatchSize, preferredBatchSizes, maxQueueDelayMs = 0, defaultTimeoutMs, maxTimeoutMs } = settings;
  const problems: { path: string; message: string }[] = [];
  const refuse = (field: ServingField, message: string): void =>
    void problems.push({ path: servingPath(field), message });
  const largest = Math.max(...(preferredBatchSizes ?? [0]));
  if (preferredBatchSizes !== undefined && maxQueueDelayMs === 0)
    refuse(
      'preferredBatchSizes',
      'nothing waits for a preferred size without dynamic_batching.max_queue_delay: set it too',
    );
  if (maxBatchSize !== undefined && largest > maxBatchSize)
    refuse('preferredBatchSizes', `${largest} is more than max_batch_size, ${maxBatchSize}`);
  if (maxBatchSize === 1 && maxQueueDelayMs > 0)
    refuse('maxQueueDelayMs', 'with max_batch_size 1 no request goes with others: leave the delay out');
  if (defaultTimeoutMs !== undefined && maxTimeoutMs !== undefined && defaultTimeoutMs > maxTimeoutMs)
    refuse(
      'defaultTimeoutMs',
      `${formatDuration(defaultTimeoutMs)} is longer than timeout.max, ${formatDuration(maxTimeoutMs)}`,
    );
  return problems;
}

/** Reads `NAME=VALUE` as on the command line; an empty value takes the setting back. Undefined for a name that is none. */
export function readServingWord(name: string, text: string): ServingChange | undefined {
  const found = ENTRIES.find(([, { path }]) => path === name);
  if (!found) return undefined;
  const [field, { kind }] = found;
  return { [field]: text === '' ? null : fields[field].parse(kind.parse(text)) };
}

/** Settings as capstan.yaml would have them, in its order: names with dots, and values with their units. */
export function servingTexts(settings: ServingSettings): [path: string, text: string][] {
  return ENTRIES.flatMap(([field, { path, kind }]) => {
    const value = settings[field];
    return value === undefined ? [] : [[path, kind.format(value)]];
  });
}

/** What was set otherwise before; `default` where it was not set. */
export function servingDifferences(before: ServingSettings, after: ServingSettings): string[] {
  const [was, is] = [new Map(servingTexts(before)), new Map(servingTexts(after))];
  return servingPaths
    .filter((path) => was.get(path) !== is.get(path))
    .map((path) => `${path} ${was.get(path) ?? 'default'} → ${is.get(path) ?? 'default'}`);
}

/** Settings after a change of them. */
export function changedServing(settings: ServingSettings, change: ServingChange): ServingSettings {
  const merged = Object.entries({ ...settings, ...change }).filter(
    ([, value]) => value !== null && value !== undefined,
  );
  return Object.fromEntries(merged);
}

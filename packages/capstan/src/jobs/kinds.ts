import { z } from 'zod';

/** `outbound`: calls to machines outside. `batch`: work that may take hours; `elsewhere`: the same on other machines. */
type Lane = 'outbound' | 'batch' | 'elsewhere';

interface KindPolicy {
  readonly payload: z.ZodType;
  /** Tries in all, the first included, before the job is discarded. */
  readonly maxAttempts: number;
  /** A claim not renewed for this long is taken over. Renewed automatically while the handler runs. */
  readonly leaseMs: number;
  /** Jobs that wait for machines or work elsewhere have places of their own, so that a slow one holds up no other work. */
  readonly lane?: Lane;
}

/** Payload of every job that an event asks for. */
export const eventPayload = z.strictObject({ eventSeq: z.int() });

/**
 * Every kind of job. Payloads change only by addition, since jobs of an older version may still wait.
 * `app.ts` gives a handler for each; a missing one is a type error.
 */
export const jobKinds = {
  'jobs.sweep': { payload: z.strictObject({ endedBefore: z.int() }), maxAttempts: 3, leaseMs: 30_000 },
  'metrics.summarise': {
    payload: z.strictObject({ run: z.int(), metric: z.int() }),
    maxAttempts: 3,
    leaseMs: 60_000,
  },
  'trash.resume': { payload: z.strictObject({}), maxAttempts: 20, leaseMs: 60_000 },
  'trash.collect': { payload: z.strictObject({ dueAt: z.int() }), maxAttempts: 3, leaseMs: 60_000 },
  'expectations.check': { payload: eventPayload, maxAttempts: 3, leaseMs: 60_000 },
  'expectations.test': { payload: eventPayload, maxAttempts: 3, leaseMs: 60_000 },
  'features.materialize': { payload: eventPayload, maxAttempts: 3, leaseMs: 120_000 },
  'deployments.promote': { payload: eventPayload, maxAttempts: 10, leaseMs: 30_000 },
  'deployments.recalibrate': { payload: z.strictObject({ deployment: z.string() }), maxAttempts: 3, leaseMs: 60_000 },
  'rollouts.judge': { payload: z.strictObject({ deployment: z.string() }), maxAttempts: 5, leaseMs: 60_000 },
  'consumers.apply': { payload: eventPayload, maxAttempts: 10, leaseMs: 30_000 },
  'consumers.expire': { payload: z.strictObject({ before: z.int() }), maxAttempts: 3, leaseMs: 60_000 },
  'predictions.features': { payload: z.strictObject({ segment: z.string() }), maxAttempts: 5, leaseMs: 120_000 },
  'predictions.compact': { payload: z.strictObject({ deployment: z.string() }), maxAttempts: 3, leaseMs: 120_000 },
  'batch-predictions.expire': { payload: z.strictObject({ before: z.int() }), maxAttempts: 3, leaseMs: 60_000 },
  'predictions.expire': { payload: z.strictObject({ before: z.int() }), maxAttempts: 3, leaseMs: 120_000 },
  // Many tries: each kill of the server costs one, and a stage that fails is no failure of the job.
  'pipelines.run': { payload: z.strictObject({ pipelineRun: z.string() }), maxAttempts: 20, leaseMs: 30_000 },
  // Beside the other lane: trials that run may hold every place there, and are to be judged and ended meanwhile.
  'sweeps.advance': {
    payload: z.strictObject({ sweep: z.string(), tick: z.int().optional() }),
    maxAttempts: 20,
    leaseMs: 30_000,
    lane: 'outbound',
  },
  'sweeps.follow': { payload: eventPayload, maxAttempts: 20, leaseMs: 30_000, lane: 'outbound' },
  // As those of pipelines, and beside everything else: there may be many, and each may take hours.
  'batch-predictions.run': {
    payload: z.strictObject({ batchPrediction: z.string() }),
    maxAttempts: 20,
    leaseMs: 30_000,
    lane: 'batch',
  },
  'batch-predictions.run-elsewhere': {
    payload: z.strictObject({ batchPrediction: z.string() }),
    maxAttempts: 20,
    leaseMs: 30_000,
    lane: 'elsewhere',
  },
  'pipelines.track': { payload: z.strictObject({ attempt: z.string() }), maxAttempts: 10, leaseMs: 60_000 },
  'pipelines.link': { payload: z.strictObject({ pipelineRun: z.string() }), maxAttempts: 5, leaseMs: 120_000 },
  'monitors.watch': { payload: z.strictObject({ project: z.string() }), maxAttempts: 3, leaseMs: 120_000 },
  'debt.measure': { payload: z.strictObject({ project: z.string() }), maxAttempts: 3, leaseMs: 300_000 },
  'cycles.consider': { payload: eventPayload, maxAttempts: 10, leaseMs: 30_000 },
  'cycles.tick': { payload: z.strictObject({ project: z.string(), dueAt: z.int() }), maxAttempts: 10, leaseMs: 30_000 },
  'cycles.advance': { payload: z.strictObject({ cycle: z.string() }), maxAttempts: 20, leaseMs: 60_000 },
  'cycles.follow': { payload: eventPayload, maxAttempts: 20, leaseMs: 60_000 },
  'webhooks.fan-out': { payload: eventPayload, maxAttempts: 20, leaseMs: 30_000 },
  // Its tries are counted with the delivery; these are many, since each kill of the server costs one.
  'webhooks.deliver': {
    payload: z.strictObject({ delivery: z.string() }),
    maxAttempts: 50,
    leaseMs: 60_000,
    lane: 'outbound',
  },
} as const satisfies Record<string, KindPolicy>;

export type JobKind = keyof typeof jobKinds;
export type JobPayload<K extends JobKind> = z.output<(typeof jobKinds)[K]['payload']>;

/** The kinds of a lane. */
function kindsOf(wanted: Lane): readonly string[] {
  return Object.entries<KindPolicy>(jobKinds)
    .filter(([, { lane }]) => lane === wanted)
    .map(([kind]) => kind);
}

export const outboundKinds = kindsOf('outbound');
export const batchKinds = kindsOf('batch');
export const elsewhereKinds = kindsOf('elsewhere');

/** The kinds that a fact may ask for. */
export type EventJobKind = {
  [K in JobKind]: (typeof jobKinds)[K]['payload'] extends typeof eventPayload ? K : never;
}[JobKind];

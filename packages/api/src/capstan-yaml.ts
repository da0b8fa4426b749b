import { z } from 'zod';
import { callersPolicy, consumerName, quota, quotaText, type Quota } from './consumer.ts';
import { durationMs, durationText } from './duration.ts';
import { rolloutStage } from './rollout.ts';
import { rolloutText } from './rollout-text.ts';
import { servingYaml } from './serving-settings.ts';
import { deploymentName, slug } from './shapes.ts';

const line = z.string().trim().min(1).max(1_000);
const column = z.string().min(1).max(256);
const role = z.enum(['maintainer', 'owner', 'operator']);
const risk = z.enum(['low', 'medium', 'high']);
const metric = z.enum(['log_loss', 'brier']);
const contender = z.enum(['champion', 'baseline']);

/** A path below the project's folder, as it is written in YAML: forward slashes, never out of the folder. */
const relativePath = z
  .string()
  .min(1)
  .max(512)
  .refine(
    (path) => !/^(\/|[A-Za-z]:)|\\|\0/.test(path) && !path.split('/').some((part) => part === '..' || part === ''),
    "write a path relative to the project's folder, with / and without ..",
  );

const dataPath = relativePath
  .regex(/\.(parquet|csv)$/, 'name .parquet or .csv files; * stands for any name')
  .regex(/^[^?[\]{}]*$/, 'use * for any name and ** for any folders; other wildcards are not taken');

/** The schema in two forms: `duration`, `rollout` and `amount` as people write them, or as the program holds them. */
function declarationSchema<
  Duration extends z.ZodType<number>,
  Rollout extends z.ZodType<z.output<typeof rolloutText>>,
  Amount extends z.ZodType<Quota>,
>(duration: Duration, rollout: Rollout, amount: Amount) {
  const value = z.strictObject({
    currency: z.string().regex(/^[A-Z]{3}$/, 'use the three capital letters of the currency, e.g. USD'),
    per: z.literal('prediction').default('prediction'),
    true_positive: z.number(),
    false_positive: z.number(),
    false_negative: z.number(),
    true_negative: z.number(),
  });

  const charter = z.strictObject({
    owner: line,
    decision: line.meta({ description: 'The decision the model serves, as one sentence' }),
    value: value.meta({ description: 'What each right or wrong decision is worth' }),
    baseline: z
      .union([z.enum(['constant', 'previous']), slug])
      .default('constant')
      .meta({ description: 'What the model is compared with: constant, previous, or the name of a model' }),
    loss_budget: z
      .strictObject({
        amount: z.number().positive(),
        window: duration,
        on_exhausted: z.enum(['fallback', 'last-known-good', 'stop']).default('fallback'),
      })
      .optional(),
    success: line.optional().meta({ description: 'How one will know that it worked' }),
    risk: risk.default('low'),
    non_goals: z.array(line).max(50).default([]),
  });

  const dataset = z.strictObject({
    path: dataPath.meta({ description: 'Where its files lie in the project, e.g. data/flights/*.parquet' }),
    event_time: column.optional().meta({ description: 'Column that says when a row happened' }),
    key: z.array(column).min(1).max(20).optional().meta({ description: 'Columns that together name one row' }),
    expectations: relativePath
      .regex(/\.ya?ml$/, 'name a .yaml file')
      .optional()
      .meta({ description: 'File of the checks that its versions must pass' }),
    label: z.strictObject({ column, arrives_after: duration }).optional(),
    from: z.literal('predictions').optional().meta({ description: 'Made of logged predictions and their outcomes' }),
  });

  const featureView = z.strictObject({
    entities: z.array(column).min(1).max(20).meta({ description: 'Columns that together name what a row is about' }),
    event_time: column.meta({ description: 'Column that says from when on a row is known' }),
    sql: relativePath.regex(/\.sql$/, 'name a .sql file').meta({
      description: 'A select over the datasets, each a table of its name; its other columns are the features',
    }),
    ttl: duration.optional().meta({ description: 'For so long after its event time a row counts; absent: for ever' }),
    online: z.boolean().default(true).meta({ description: 'Kept up to date in the online store' }),
    description: line.optional(),
  });

  const gate = z.discriminatedUnion('check', [
    z.strictObject({
      check: z.literal('better_than'),
      other: contender,
      on: z.literal('latest_labelled_window').default('latest_labelled_window'),
      confidence: z.number().gt(0.5).lt(1).default(0.95),
    }),
    z.strictObject({
      check: z.literal('slices'),
      by: z.array(column).min(1).max(20),
      min_rows: z.int().min(1).default(500),
      max_regression: z.number().min(0).default(0.02),
    }),
    z.strictObject({ check: z.literal('latency'), p99: duration }),
    z.strictObject({ check: z.literal('reproducible') }),
    z.strictObject({
      check: z.literal('approval'),
      by: z.array(role).min(1),
      when: z
        .string()
        .regex(/^risk >= (low|medium|high)$/, "write 'risk >= low', 'risk >= medium' or 'risk >= high'")
        .default('risk >= low'),
    }),
  ]);

  const monitor = z.discriminatedUnion('watch', [
    z.strictObject({
      watch: z.literal('features'),
      against: z.literal('training').default('training'),
      window: duration,
      tests: z.literal('auto').default('auto'),
    }),
    z.strictObject({
      watch: z.literal('performance'),
      metric,
      worse_than: z.literal('baseline').default('baseline'),
      window: duration,
    }),
  ]);

  const retrain = z.strictObject({
    on: z
      .array(
        z.union([z.enum(['drift', 'decay', 'new_data']), z.strictObject({ schedule: z.string().min(9).max(100) })], {
          error: 'write drift, decay, new_data or {schedule: "0 3 * * MON"}',
        }),
      )
      .min(1),
    cool_down: duration,
    min_labels: z.int().min(0).default(0),
    max_per_month: z.int().min(1).max(1_000).default(4),
    time_zone: z.string().max(64).default('UTC').meta({ description: 'Of the schedule, e.g. Europe/Berlin' }),
  });

  const consumer = z.strictObject({
    owner: line,
    purpose: line.meta({ description: 'What it does with the answers' }),
    deployments: z
      .union([z.literal('all'), z.array(deploymentName).min(1).max(100)])
      .optional()
      .meta({ description: "What it may call; the project's own deployment unless told" }),
    quota: amount.optional().meta({ description: 'Most that it may ask, e.g. 1000 rows per minute' }),
  });

  return z
    .strictObject({
      project: slug,
      charter,
      datasets: z.record(slug, dataset).default({}),
      features: z.record(slug, featureView).default({}).meta({ description: 'Feature views, by name' }),
      pipeline: relativePath.optional().meta({ description: 'The pipeline file, e.g. dvc.yaml' }),
      executor: slug.default('local').meta({
        description: 'Where the commands of stages run: local, or a name that the server has been given one under',
      }),
      model: z
        .strictObject({
          name: slug,
          task: z.literal('binary'),
          metric,
          features: relativePath
            .regex(/\.sql$/, 'name a .sql file')
            .optional()
            .meta({
              description:
                'A select over the datasets, each a table of its name, that gives the rows as the model takes them',
            }),
        })
        .optional(),
      gates: z.array(gate).max(50).default([]),
      deployment: z
        .strictObject({
          name: slug,
          rollout,
          callers: callersPolicy.default('open').meta({
            description: 'declared: only consumers that are declared may call it, by their tokens',
          }),
          analysis: z
            .array(z.enum(['errors', 'latency', 'loss']))
            .min(1)
            .default(['errors', 'latency', 'loss']),
          context: z
            .strictObject({ id: column.default('example_id'), event_time: column.default('event_time') })
            .prefault({})
            .meta({ description: 'Columns of a request that are logged and not given to the model' }),
          log: z
            .strictObject({
              redact: z.array(column).max(1_000).default([]),
              sample: z.number().min(0).max(1).default(1),
            })
            .prefault({})
            .meta({
              description:
                'redact: inputs and outputs whose values the log of predictions never gets; ' +
                'sample: share of the requests whose inputs and outputs it gets, the rest of them it always has',
            }),
          serving: servingYaml(duration).prefault({}).meta({
            description: 'How its models run: batches, time-outs, processes; in Triton’s words where it has them',
          }),
          recalibration: z
            .strictObject({
              window: duration.meta({ description: 'Answers of this long, with their outcomes, are fitted to' }),
              prior_rows: z
                .int()
                .min(0)
                .max(1e9)
                .default(10_000)
                .meta({ description: 'So many answers count as if they had agreed with the model' }),
              schedule: z.string().min(9).max(100).default('0 3 * * *').meta({ description: 'Cron, in UTC' }),
            })
            .optional()
            .meta({ description: 'Moves the log odds of answers by what outcomes of late say; nightly unless told' }),
        })
        .optional(),
      consumers: z
        .record(consumerName, consumer)
        .default({})
        .meta({ description: 'Who calls the deployment, by name; tokens are issued by capstan consumers rotate' }),
      monitors: z.array(monitor).max(50).default([]),
      retrain: retrain.optional(),
    })
    .superRefine((written, context) => {
      const refuse = (path: PropertyKey[], message: string) => context.addIssue({ code: 'custom', path, message });
      if (!written.model && written.gates.length > 0) refuse(['gates'], 'gates judge a model: declare one under model');
      if (!written.model && written.deployment)
        refuse(['deployment'], 'a deployment serves a model: declare one under model');
      for (const [name, { deployments }] of Object.entries(written.consumers)) {
        if (!written.deployment && deployments === undefined)
          refuse(['consumers', name], 'say which deployments it may call, or declare one under deployment');
      }
      if (!written.pipeline && written.retrain)
        refuse(['retrain'], 'retraining runs a pipeline: declare one under pipeline');
      for (const [name, { entities, event_time: time }] of Object.entries(written.features)) {
        if (entities.includes(time)) refuse(['features', name, 'event_time'], 'an entity is no event time');
        if (new Set(entities).size < entities.length) refuse(['features', name, 'entities'], 'name each column once');
      }
      const feeds = Object.entries(written.datasets).filter(([, facts]) => facts.from === 'predictions');
      for (const [name] of feeds.slice(1))
        refuse(['datasets', name, 'from'], 'only one dataset can be made of predictions');
    });
}

/** What `capstan.yaml` may hold. Parsing gives a `Declaration`. */
export const capstanYaml = declarationSchema(durationText, rolloutText, quotaText);

/** A project as the program holds it: lengths of time in milliseconds, defaults filled in. */
export const declaration = declarationSchema(durationMs, z.array(rolloutStage), quota);

export type Declaration = z.output<typeof declaration>;
export type Charter = Declaration['charter'];
export type DatasetDeclaration = Declaration['datasets'][string];
export type FeatureViewDeclaration = Declaration['features'][string];
export type GateDeclaration = Declaration['gates'][number];
export type ConsumerDeclaration = Declaration['consumers'][string];
export type MonitorDeclaration = Declaration['monitors'][number];

/** JSON Schema of `capstan.yaml`, for editors. */
export function capstanYamlJsonSchema(): object {
  return { ...z.toJSONSchema(capstanYaml, { io: 'input' }), title: 'capstan.yaml', $id: '/schemas/capstan.json' };
}

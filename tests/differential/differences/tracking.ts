import type { Value } from '../programme.ts';
import type { Difference, Exchange } from './index.ts';

const isRefused = ({ status }: Exchange): boolean => status >= 400 && status < 500;
const isDone = ({ status }: Exchange): boolean => status === 200;
const says = (exchange: Exchange, words: RegExp): boolean => isRefused(exchange) && words.test(exchange.text);

export const trackingDifferences: readonly Difference[] = [
  {
    name: 'no-server-error-for-bad-input',
    calls: 'all',
    mlflow: 'answers 500 (a page, or INTERNAL_ERROR) where a value has a type or size that it did not expect',
    capstan: 'answers 4xx with INVALID_PARAMETER_VALUE and the field',
    why: 'clients send what got a 500 again and again, for minutes',
    leaves: 'same content',
    matches: (_, expected, actual) => expected.status >= 500 && isRefused(actual),
  },
  {
    name: 'null-is-absent',
    calls: 'all with a body',
    mlflow: 'answers 500 where a list is null',
    capstan: 'takes null as a field that was not sent, as it does for all fields',
    why: 'that is what JSON of protobuf means by it',
    leaves: 'different content',
    matches: (_, expected, actual) => expected.status >= 500 && isDone(actual) && /:null[,}]/.test(actual.sent),
  },
  {
    name: 'times-of-this-world',
    calls: 'runs/create, runs/update',
    mlflow: 'takes any 64-bit integer as start_time and end_time',
    capstan: 'answers 400 beyond ±2^53 milliseconds, which is the year 287396',
    why: 'browsers read such numbers wrong; timestamps and steps of metrics are exact to 64 bits',
    leaves: 'different content',
    matches: ({ call }, expected, actual) =>
      /runs\/(create|update)$/.test(call) && isDone(expected) && says(actual, /-?\d{16,} for parameter '(start|end)_time'/),
  },
  {
    name: 'half-read-message',
    calls: 'all',
    mlflow:
      'where a field that it does not check has a value of the wrong type (step 1.5, a timestamp of 2^63, "0x1" as a number), goes on with the part of the message before it and answers 200',
    capstan: 'answers 400 with INVALID_PARAMETER_VALUE and the field, and changes nothing',
    why: 'half of a batch is lost without a word',
    leaves: 'different content',
    matches: (_, expected, actual) => isDone(expected) && says(actual, /Hint: Value was of type/),
  },
  {
    name: 'the-message-before-anything-else',
    calls: 'all with a body',
    mlflow: 'looks up an id before it notices that another field is missing or has the wrong type, or never does: 404',
    capstan: 'answers 400: a message is read whole before anything is looked up',
    why: 'one order everywhere; both refuse',
    leaves: 'same content',
    matches: (_, expected, actual) =>
      isRefused(expected) && says(actual, /Hint: Value was of type|Missing value for required parameter/),
  },
  {
    name: 'either-spelling-of-required-fields',
    calls: 'all with a body',
    mlflow: 'takes camelCase for optional fields only: a required one counts as missing',
    capstan: 'takes both spellings of every field',
    why: 'one rule for all fields; no client sends what is refused there',
    leaves: 'different content',
    matches: ({ twist }, expected, actual) => twist === 'camel' && says(expected, /Missing value for required/) && !says(actual, /Missing value/),
  },
  {
    name: 'run-without-experiment',
    calls: 'runs/create',
    mlflow: 'answers 400 with the text of a database error where experiment_id is left out',
    capstan: 'makes the run in experiment 0, `Default`',
    why: 'that is what MLflow documents, and what its older releases do',
    leaves: 'different content',
    matches: ({ call, body }, expected, actual) =>
      call === 'POST runs/create' && isEmpty(body?.['experiment_id']) && says(expected, /IntegrityError/) && isDone(actual),
  },
  {
    name: 'id-in-the-path-is-enough',
    calls: 'logged-models/ID…',
    mlflow: 'wants model_id (and tag_key) in the body, too',
    capstan: 'takes it from the path',
    why: 'it is there already',
    leaves: 'different content',
    matches: ({ call }, expected, actual) => / logged-models\/ID/.test(call) && says(expected, /parameter '(model_id|tag_key)'/) && isDone(actual),
  },
  {
    name: 'no-nameless-tags',
    calls: 'logged-models, logged-models/ID/tags, logged-models/ID/params',
    mlflow: 'keeps tags and params with an empty key',
    capstan: 'answers 400',
    why: 'nothing can name them afterwards',
    leaves: 'different content',
    matches: ({ call }, expected, actual) => / logged-models/.test(call) && isDone(expected) && says(actual, /parameter '[\w.[\]]*key'/),
  },
  {
    name: 'logged-model-of-a-run-that-exists',
    calls: 'logged-models',
    mlflow: 'takes any text as source_run_id',
    capstan: 'answers 404 where there is no such run',
    why: 'lineage that leads nowhere is worse than none',
    leaves: 'different content',
    matches: ({ call }, expected, actual) => call === 'POST logged-models' && isDone(expected) && says(actual, /Run with id=/),
  },
  {
    name: 'no-run-alive-in-a-deleted-experiment',
    calls: 'runs/restore',
    mlflow: 'restores a run whose experiment is deleted: it shows nowhere',
    capstan: 'answers 400 and says to restore the experiment',
    why: 'a run that is active and cannot be found is lost',
    leaves: 'different content',
    matches: ({ call }, expected, actual) => call === 'POST runs/restore' && isDone(expected) && says(actual, /The experiment \S+ must be in the 'active' state/),
  },
  {
    name: 'no-experiments-no-models',
    calls: 'logged-models/search',
    mlflow: 'answers 400 where experiment_ids is left out, and nothing found where it is an empty list',
    capstan: 'finds nothing in both cases, as runs/search does',
    why: 'protobuf does not tell the two apart',
    leaves: 'same content',
    matches: ({ call }, expected, actual) => call === 'POST logged-models/search' && says(expected, /parameter 'experiment_ids'/) && isDone(actual),
  },
  {
    name: 'input-without-a-dataset',
    calls: 'runs/log-inputs',
    mlflow: 'keeps an input that names no dataset',
    capstan: 'answers 400',
    why: 'it says nothing',
    leaves: 'different content',
    matches: ({ call }, expected, actual) => call === 'POST runs/log-inputs' && isDone(expected) && says(actual, /Missing value for required parameter 'datasets/),
  },
  {
    name: 'an-id-that-cannot-be-one',
    calls: 'runs/log-batch, runs/log-inputs',
    mlflow: 'answers 400 for a run_id with other characters than letters, digits, _ and -, and 404 in all other calls',
    capstan: 'answers 404 in all calls',
    why: 'one rule for all calls',
    leaves: 'same content',
    matches: ({ call }, expected, actual) => /runs\/log-(batch|inputs)$/.test(call) && says(expected, /run_id/) && says(actual, /Run with id=/),
  },
  {
    name: 'metric-of-an-unknown-model',
    calls: 'runs/log-metric, runs/log-batch',
    mlflow: 'answers 400 with the text of a database error where model_id names no logged model',
    capstan: 'answers 404',
    why: 'it says what is wrong; both keep nothing',
    leaves: 'same content',
    matches: ({ call }, expected, actual) =>
      /runs\/log-(metric|batch)$/.test(call) && says(expected, /FOREIGN KEY/) && says(actual, /Logged model with ID/),
  },
  {
    name: 'nothing-longer-than-its-limit',
    calls: 'all that keep names or texts',
    mlflow: 'on SQLite keeps names and texts that are longer than its own columns, which PostgreSQL refuses',
    capstan: 'answers 400 past the length of those columns on both databases',
    why: 'the same programme works on both',
    leaves: 'different content',
    matches: (_, expected, actual) => isDone(expected) && says(actual, /exceeds the maximum length/),
  },
  {
    name: 'deleted-models-are-read-only',
    calls: 'logged-models/ID…',
    mlflow: 'writes tags and params to a logged model that is deleted, and ends it',
    capstan: 'answers 404, as it does for reading one',
    why: 'nobody sees what was written',
    leaves: 'different content',
    matches: ({ call }, expected, actual) => / logged-models\/ID/.test(call) && isDone(expected) && says(actual, /Logged model with ID/),
  },
  {
    name: 'artifacts-on-this-server',
    calls: 'experiments/create',
    mlflow: 'takes other places as artifact_location: folders of the server, object stores',
    capstan: 'takes mlflow-artifacts:/… only, and answers 400 otherwise',
    why: 'clients would write past the server, or the server read what no client may ask for',
    leaves: 'different content',
    matches: ({ call }, expected, actual) => call === 'POST experiments/create' && isDone(expected) && says(actual, /artifact location/),
  },
  {
    name: 'output-logged-twice',
    calls: 'runs/outputs',
    mlflow: 'answers 400 with the text of a database error where the run has named the model before',
    capstan: 'answers 200 and keeps the first: a retry has one effect',
    why: 'a client whose connection broke sends the same again',
    leaves: 'different content',
    matches: ({ call }, expected, actual) => call === 'POST runs/outputs' && says(expected, /UNIQUE constraint/) && isDone(actual),
  },
];

function isEmpty(value: Value | undefined): boolean {
  return value === undefined || value === null || value === '';
}

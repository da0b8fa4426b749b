import type { Value } from '../programme.ts';
import type { Difference, Exchange } from './index.ts';

const isRefused = ({ status }: Exchange): boolean => status >= 400 && status < 500;
const isDone = ({ status }: Exchange): boolean => status === 200;
const says = (exchange: Exchange, words: RegExp): boolean => isRefused(exchange) && words.test(exchange.text);

/** What is wrong with a message whatever the server holds. */
const aboutForm =
  /Hint: Value was of type|Missing value for required parameter|Names may (only|be)|exceeds the maximum length|Timestamp must be|it must be one of|can contain at most|Duplicate parameter keys|Invalid alias name|alias name is reserved|Invalid Model Version stage/;

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
      /runs\/(create|update)$/.test(call) &&
      isDone(expected) &&
      says(actual, /-?\d{16,} for parameter '(start|end)_time'/),
  },
  {
    name: 'names-of-an-enum',
    calls: 'all with status or view_type',
    mlflow:
      'ignores a status or view type that it does not know (`"OWNED"`, 9), or keeps it as unspecified, and answers 200',
    capstan: 'answers 400 with the names that there are',
    why: 'the caller believes that the status was set',
    leaves: 'different content',
    matches: (_, expected, actual) => isDone(expected) && says(actual, /it must be one of/),
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
    matches: (_, expected, actual) => isRefused(expected) && says(actual, aboutForm),
  },
  {
    name: 'either-spelling-of-required-fields',
    calls: 'all with a body',
    mlflow: 'takes camelCase for optional fields only: a required one counts as missing',
    capstan: 'takes both spellings of every field',
    why: 'one rule for all fields; no client sends what is refused there',
    leaves: 'different content',
    matches: ({ twist }, expected, actual) =>
      twist === 'camel' && says(expected, /Missing value for required/) && !says(actual, /Missing value/),
  },
  {
    name: 'run-without-experiment',
    calls: 'runs/create',
    mlflow: 'answers 400 with the text of a database error where experiment_id is left out',
    capstan: 'makes the run in experiment 0, `Default`',
    why: 'that is what MLflow documents, and what its older releases do',
    leaves: 'different content',
    matches: ({ call, body }, expected, actual) =>
      call === 'POST runs/create' &&
      isEmpty(body?.['experiment_id']) &&
      says(expected, /IntegrityError/) &&
      isDone(actual),
  },
  {
    name: 'id-in-the-path-is-enough',
    calls: 'logged-models/ID…',
    mlflow: 'wants model_id (and tag_key) in the body, too',
    capstan: 'takes it from the path',
    why: 'it is there already',
    leaves: 'different content',
    matches: ({ call }, expected) =>
      / logged-models\/ID/.test(call) && says(expected, /parameter '(model_id|tag_key)'/),
  },
  {
    name: 'nothing-nameless',
    calls: 'logged-models…, runs/create, runs/log-inputs, runs/outputs',
    mlflow: 'keeps tags and params without a key, inputs without a dataset and outputs without a model',
    capstan: 'answers 400',
    why: 'nothing can name them afterwards',
    leaves: 'different content',
    matches: ({ call }, expected, actual) =>
      / logged-models|runs\/(create|log-inputs|outputs)$/.test(call) &&
      isDone(expected) &&
      says(actual, /Missing value for required parameter '(\w+\[|key|value)/),
  },
  {
    name: 'lineage-leads-somewhere',
    calls: 'logged-models, model-versions/create',
    mlflow: 'takes any text as the run that a model comes from',
    capstan: 'answers 404 where there is no such run',
    why: 'lineage that leads nowhere is worse than none',
    leaves: 'different content',
    matches: ({ call }, expected, actual) =>
      /^POST (logged-models|model-versions\/create)$/.test(call) && isDone(expected) && says(actual, /Run with id=/),
  },
  {
    name: 'of-two-mistakes-one-is-named',
    calls: 'artifacts/list',
    mlflow: 'names the path where both path and run are wrong',
    capstan: 'names the run',
    why: 'both are right',
    leaves: 'same content',
    matches: ({ call }, expected, actual) =>
      call === 'GET artifacts/list' && says(expected, /Invalid path/) && says(actual, /Run with id=/),
  },
  {
    name: 'no-run-alive-in-a-deleted-experiment',
    calls: 'runs/restore',
    mlflow: 'restores a run whose experiment is deleted: it shows nowhere',
    capstan: 'answers 400 and says to restore the experiment',
    why: 'a run that is active and cannot be found is lost',
    leaves: 'different content',
    matches: ({ call }, expected, actual) =>
      call === 'POST runs/restore' &&
      isDone(expected) &&
      says(actual, /The experiment \S+ must be in the 'active' state/),
  },
  {
    name: 'a-list-left-out-is-empty',
    calls: 'logged-models/search, runs/outputs',
    mlflow: 'answers 400 where experiment_ids or models is left out, and goes on where it is an empty list',
    capstan: 'takes both as an empty list, as runs/search does',
    why: 'protobuf does not tell the two apart',
    leaves: 'same content',
    matches: ({ call }, expected, actual) =>
      /logged-models\/search$|runs\/outputs$/.test(call) &&
      says(expected, /parameter '(experiment_ids|models)'/) &&
      !says(actual, aboutForm),
  },
  {
    name: 'names-are-names-everywhere',
    calls: 'logged-models…, runs/create',
    mlflow: 'takes any text as the key of a tag or param of a logged model, or of a tag of a new run',
    capstan: 'takes the characters that keys of runs may have, and answers 400 for others',
    why: 'one rule for keys; they are shown as paths',
    leaves: 'different content',
    matches: ({ call }, expected, actual) =>
      / logged-models|runs\/create$/.test(call) && isDone(expected) && says(actual, /Names may (only|be)/),
  },
  {
    name: 'names-in-one-line',
    calls: 'all that name an experiment, run or model',
    mlflow: 'takes control characters in names',
    capstan: 'answers 400',
    why: 'they hide what a name is, and PostgreSQL has no place for NUL',
    leaves: 'different content',
    matches: (_, expected, actual) =>
      isDone(expected) && says(actual, /holds a control character|holds a NUL character/),
  },
  {
    name: 'each-run-once',
    calls: 'metrics/get-history-bulk-interval, metrics/get-history-bulk',
    mlflow: 'gives the points of a run twice where it is asked for twice',
    capstan: 'gives them once',
    why: 'a chart would draw the same line over itself',
    leaves: 'same content',
    matches: ({ call }, expected, actual) =>
      /get-history-bulk/.test(call) && isDone(expected) && isDone(actual) && hasTwice(expected.sent),
  },
  {
    name: 'nan-of-a-logged-model',
    calls: 'logged-models/ID, logged-models/search',
    mlflow: 'gives 0 for a metric of a logged model that is NaN',
    capstan: 'gives NaN, as for a run',
    why: 'a loss of 0 is the opposite of one that diverged',
    leaves: 'same content',
    matches: ({ call }, expected, actual) =>
      / logged-models/.test(call) &&
      JSON.stringify(actual.body).replaceAll('"NaN"', '0') === JSON.stringify(expected.body),
  },
  {
    name: 'pages-have-a-size',
    calls: 'logged-models/search',
    mlflow: 'takes a max_results of 0 or less and answers empty pages without end',
    capstan: 'answers 400',
    why: 'a client that follows the pages never comes back',
    leaves: 'same content',
    matches: (_, expected, actual) => isDone(expected) && says(actual, /parameter 'max_results'/),
  },
  {
    name: 'words-not-database-errors',
    calls: 'experiments/update, logged-models/ID/params',
    mlflow: 'answers BAD_REQUEST with the text of a database error where a name is taken or a key is given twice',
    capstan: 'answers RESOURCE_ALREADY_EXISTS or INVALID_PARAMETER_VALUE, and says what is wrong',
    why: 'SQL helps no caller, and tells strangers how the server is built',
    leaves: 'same content',
    matches: (_, expected, actual) => says(expected, /UNIQUE constraint/) && isRefused(actual),
  },
  {
    name: 'given-twice',
    calls: 'all that log or create',
    mlflow:
      'answers 400 with the text of a database error where an output, a metric or param of a logged model, or a key of a tag is given again or twice',
    capstan: 'answers 200: the same has no second effect, and of two values of a tag the last counts',
    why: 'a client whose connection broke sends the same again',
    leaves: 'different content',
    matches: (_, expected, actual) => says(expected, /UNIQUE constraint/) && isDone(actual),
  },
  {
    name: 'an-end-at-zero',
    calls: 'runs/update',
    mlflow: 'takes an end_time of 0 as none',
    capstan: 'keeps it',
    why: 'it was set, and start_time may be 0 too',
    leaves: 'different content',
    matches: ({ call }, expected, actual) =>
      call === 'POST runs/update' && isDone(expected) && isDone(actual) && /"end_time":"?0"?[,}]/.test(actual.sent),
  },
  {
    name: 'model-inputs-in-searches',
    calls: 'runs/search',
    mlflow: 'leaves out the logged models that a run read',
    capstan: 'gives them, as runs/get does',
    why: 'the same run is the same everywhere',
    leaves: 'same content',
    matches: ({ call }, expected, actual) =>
      call === 'POST runs/search' && withoutModelInputs(expected.body) === withoutModelInputs(actual.body),
  },
  {
    name: 'an-id-that-cannot-be-one',
    calls: 'runs/log-batch, runs/log-inputs',
    mlflow: 'answers 400 for a run_id with other characters than letters, digits, _ and -, and 404 in all other calls',
    capstan: 'answers 404 in all calls',
    why: 'one rule for all calls',
    leaves: 'same content',
    matches: ({ call }, expected, actual) =>
      /runs\/log-(batch|inputs)$/.test(call) && says(expected, /run_id/) && says(actual, /Run with id=/),
  },
  {
    name: 'metric-of-an-unknown-model',
    calls: 'runs/log-metric, runs/log-batch',
    mlflow:
      'answers 400 with the text of a database error where model_id names no logged model, and has kept the metric of the run',
    capstan: 'answers 404, or 400 where more is wrong, and keeps nothing of the message',
    why: 'a call has its whole effect or none',
    leaves: 'different content',
    showsInEqualAnswers: true,
    matches: ({ call }, expected, actual) =>
      /runs\/log-(metric|batch)$/.test(call) && says(expected, /FOREIGN KEY/) && actual.status >= 400,
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
    name: 'one-length-for-tags-of-runs',
    calls: 'runs/create',
    mlflow:
      'on SQLite keeps a tag of a new run whole, though it cuts the same tag in set-tag and log-batch at 8,000 characters',
    capstan: 'cuts it there in all three',
    why: 'one rule for all calls',
    leaves: 'different content',
    matches: ({ call }, expected, actual) =>
      call === 'POST runs/create' && isDone(expected) && isDone(actual) && /"value":"[^"]{8001}/.test(actual.sent),
  },
  {
    name: 'deleted-models-are-read-only',
    calls: 'logged-models/ID…',
    mlflow: 'writes tags and params to a logged model that is deleted, and ends it',
    capstan: 'answers 404, as it does for reading one',
    why: 'nobody sees what was written',
    leaves: 'different content',
    matches: ({ call }, expected, actual) =>
      / logged-models\/ID/.test(call) && isDone(expected) && says(actual, /Logged model with ID/),
  },
  {
    name: 'artifacts-on-this-server',
    calls: 'experiments/create',
    mlflow: 'takes other places as artifact_location: folders of the server, object stores',
    capstan: 'takes mlflow-artifacts:/… only, and answers 400 otherwise',
    why: 'clients would write past the server, or the server read what no client may ask for',
    leaves: 'different content',
    matches: ({ call }, expected, actual) =>
      call === 'POST experiments/create' && isDone(expected) && says(actual, /artifact location/),
  },
];

function isEmpty(value: Value | undefined): boolean {
  return value === undefined || value === null || value === '';
}

function hasTwice(url: string): boolean {
  const asked = [...url.matchAll(/[?&]run_ids?=([^&]*)/g)].map(([, id]) => id);
  return new Set(asked).size < asked.length;
}

function withoutModelInputs(body: unknown): string {
  return JSON.stringify(body, (field, value: unknown) => (field === 'model_inputs' ? undefined : value));
}

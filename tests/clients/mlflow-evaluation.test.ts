// An unmodified mlflow.genai against `capstan up`: mlflow_evaluation_session.py acts as users do, this says what they must
// see. The same script against `mlflow server` sees the same, but for what docs/reference/mlflow-compatibility.md names.
import { createClient } from '@capstan/client';
import { expect, test } from 'vitest';
import { describeSession, refused } from './sessions.ts';

const absent = (words: string) => refused('RESOURCE_DOES_NOT_EXIST', 404, words);
const bad = (words: string) => refused('INVALID_PARAMETER_VALUE', 400, words);

describeSession('mlflow_evaluation_session.py', ({ server, sawIn }) => {
  test('datasets: experiments, tags, searches', () => {
    expect(sawIn('evaluation_datasets')).toEqual({
      ids: ['d-', 34, 8],
      same: true,
      experiments: [true, true],
      tags: { team: 'support', n: '1' },
      empty: [null, null, 0],
      tagged: { team: 'sales', new: 'yes' },
      linked: true,
      left: true,
      twice: bad('Multiple datasets found'),
      found: {
        byExperiment: ['other', 'questions'],
        byTag: ['questions'],
        byName: 2,
        ordered: ['other', 'questions', 'questions'],
        pages: [2, true],
        nothing: [],
      },
      gone: absent('not found'),
      goneRecords: absent('not found'),
      filter: bad("Invalid attribute key 'color' specified"),
      order: bad("Invalid order by key 'created_by' specified"),
    });
  });

  test('records: merged by their inputs, in their order, with numbers that stay what they are', () => {
    const one = ['{"q": "one", "k": 1}', '{}', '{"answer": "1", "more": true}', '{"a": "x", "b": "y"}', 'HUMAN'];
    const deep = '{"q": "\\u00e4\\u0000\\ud83d\\ude42", "deep": {"big": 9007199254740993, "__proto__": {"x": 1}}}';
    expect(sawIn('evaluation_records')).toEqual({
      first: [
        one,
        ['{"q": "one", "k": 1.0}', '{"list": ["a", 2.0, null]}', 'null', '{}', 'CODE'],
        [deep, '{"score": Infinity, "loss": -1e+300}', 'null', '{}', 'CODE'],
      ],
      second: [one[0], '{"text": "answer"}', '{"answer": "2", "more": true}', one[3], 'HUMAN'],
      columns: [
        'inputs',
        'outputs',
        'expectations',
        'tags',
        'source_type',
        'source_id',
        'source',
        'created_time',
        'dataset_record_id',
      ],
      schema:
        '{"inputs": {"q": "string", "k": "integer", "deep": "object"}, ' +
        '"outputs": {"list": "array", "score": "float", "loss": "float", "text": "string"}, ' +
        '"expectations": {"answer": "string", "more": "boolean"}, "version": "1.0"}',
      profile: ['{"num_records": 5}', '{"num_records": 3}'],
      moved: true,
      deleted: 2,
      left: [deep, '{"q": "two"}', '{"q": "three"}'],
      isNotOne: bad("'records[0].inputs' must be a JSON object"),
      source: bad('Invalid dataset record source type: NOBODY'),
      absent: absent("Evaluation dataset with id 'd-none' not found"),
    });
  });

  test('traces become records, and a dataset is what a run read', () => {
    expect(sawIn('evaluation_traces')).toEqual({
      record: [{ question: 'why' }, 'because', { answer: 'because' }, 'TRACE'],
      ofTrace: true,
      logged: ['of traces', 'mlflow_evaluation_dataset', 'evaluation'],
      all: true,
      page: [10, true],
    });
  });

  test('scorers: versions, and what is not kept', () => {
    expect(sawIn('scorers')).toEqual({
      newest: ['Be very kind'],
      first: ['Be kind'],
      listed: [
        ['brief', ['Be brief']],
        ['polite', ['Be very kind']],
      ],
      versions: [
        [['Be kind'], 1],
        [['Be very kind'], 2],
      ],
      left: [2],
      gone: absent("Scorer with name 'polite' and version 1 not found"),
      names: ['brief'],
      again: absent("Scorer with name 'polite' not found"),
      code: bad('Custom scorer registration (using @scorer decorator) is disabled'),
      elsewhere: bad("must not contain 'api_base'"),
      noJson: bad('must be valid JSON'),
      gateway: absent("No gateway endpoint 'none'"),
      noExperiment: absent('No Experiment with id=999999 exists'),
    });
  });

  test('every change is a fact', async () => {
    const client = createClient({ baseUrl: server().url });
    const { items } = await client.system.events({ query: { limit: 1_000 } });
    const types = new Set(items.map(({ type }) => type).filter((type) => /^(evaluation-dataset|scorer)\./.test(type)));
    expect([...types].toSorted()).toEqual([
      'evaluation-dataset.created',
      'evaluation-dataset.deleted',
      'evaluation-dataset.linked',
      'evaluation-dataset.records-deleted',
      'evaluation-dataset.records-merged',
      'evaluation-dataset.tagged',
      'evaluation-dataset.unlinked',
      'scorer.deleted',
      'scorer.registered',
    ]);
  });
});

// An unmodified mlflow against `capstan up`: mlflow_session.py acts as users do, this says what they must see.
import { createClient } from '@capstan/client';
import { describe, expect, test } from 'vitest';
import { describeSession, refused } from './sessions.ts';

describeSession('mlflow_session.py', ({ server, sawIn, printed }) => {
  describe('tracking', () => {
    test('a run has everything that was logged by hand', () => {
      const saw = sawIn('tracking');
      expect(saw).toEqual({
        experimentId: '1',
        runId: expect.stringMatching(/^[0-9a-f]{32}$/),
        name: 'by hand',
        status: 'FINISHED',
        hasEnded: true,
        artifactUri: `mlflow-artifacts:/1/${String(saw['runId'])}/artifacts`,
        params: { depth: '3', rate: '0.1', name: 'ä ö' },
        paramCount: 103,
        metrics: {
          accuracy: '0.9',
          recall: '0.8',
          loss: '0.2',
          batch: '999.0',
          odd: 'nan',
          huge: '1.7976931348623157e+308',
        },
        tags: { team: 'ops', stage: 'try', color: null, b: '1', 'mlflow.note.content': 'what it is for' },
        parentOfNested: saw['runId'],
        history: [0, 1, 2, 3, 4].map((step) => [step, 1 / (step + 1)]),
        batchPoints: 1_000,
        root: [
          ['facts', true, null],
          ['note.txt', false, 7],
          ['plots', true, null],
        ],
        plots: ['plots/curve.csv', 'plots/deep'],
        text: 'läuft\n',
        facts: { a: [1, 2] },
        isSame: true,
      });
    });

    test('the native API shows the same run: there is no second store', async () => {
      const client = createClient({ baseUrl: server().url });
      const run = await client.experiments.getRun({ params: { run: String(sawIn('tracking')['runId']) } });
      expect(run).toMatchObject({
        name: 'by hand',
        status: 'FINISHED',
        params: { depth: '3', name: 'ä ö' },
        metrics: { loss: { value: 0.2, step: 4, min: 0.2, max: 1 }, odd: { value: 'NaN' } },
        tags: { team: 'ops' },
      });
    });

    test('the address that the client prints for a run is of this server', () => {
      expect(printed()).toContain(`${server().url}/#/experiments/1/runs/${String(sawIn('tracking')['runId'])}`);
    });
  });

  test('search: clauses, order and pages', () => {
    expect(sawIn('search')).toEqual({
      metric: ['run-5', 'run-4'],
      param: ['run-2', 'run-0'],
      status: ['run-3'],
      name: ['run-5', 'run-4'],
      missing: [],
      isNull: 7,
      pages: [['run-6', 'run-5', 'run-4'], ['run-3', 'run-2', 'run-1'], ['run-0']],
      lastToken: null,
      frame: [
        ['run-0', 'run-1', 'run-2'],
        [0, 0.1, 0.2],
        ['tree', 'tree', 'tree'],
      ],
      experiments: ['search'],
      either: ['run-6', 'run-4'],
      badFilter: {
        ...refused('INVALID_PARAMETER_VALUE', 400),
        message: expect.stringMatching(
          /Invalid clause\(s\) in filter string: 'ADN' .*Did you mean AND\?\n {2}metrics.loss > 0.1 ADN metrics.loss < 0\n {21}\^\^\^/,
        ),
      },
      badAttribute: refused('INVALID_PARAMETER_VALUE', 400, "Invalid attribute key 'stauts'"),
      badToken: refused('INVALID_PARAMETER_VALUE', 400, 'Invalid page token'),
    });
  });

  test('lifecycle: what is deleted is read-only, and comes back', () => {
    expect(sawIn('lifecycle')).toEqual({
      stage: 'deleted',
      write: refused('INVALID_PARAMETER_VALUE', 400, "must be in the 'active' state. Current state is deleted."),
      active: ['kept'],
      deleted: ['gone'],
      all: ['gone', 'kept'],
      restored: ['gone', 'kept'],
      stageByName: 'deleted',
      setDeleted: refused('INVALID_PARAMETER_VALUE', 400, 'Cannot set a deleted experiment'),
      runsAfter: ['active', 'active'],
    });
  });

  test('datasets: an input is kept once, with its schema, profile and source', () => {
    expect(sawIn('datasets')).toEqual({
      count: 1,
      name: 'iris',
      isDigestSame: true,
      context: { 'mlflow.data.context': 'training' },
      profile: { num_rows: 150, num_elements: 750 },
      columns: ['a', 'b', 'c', 'd', 'late'],
      source: 'https://example.org/iris.csv',
      isFound: true,
    });
  });

  test('autolog: scikit-learn logs itself and its model', () => {
    expect(sawIn('autolog')).toEqual({
      params: { C: '0.5', max_iter: '500', solver: 'lbfgs' },
      isAccuracySame: true,
      hasScore: true,
      estimator: 'LogisticRegression',
      datasets: [['dataset', 'train']],
      artifacts: expect.arrayContaining(['estimator.html', 'training_confusion_matrix.png', 'training_roc_curve.png']),
      modelStatus: 'READY',
      modelRun: true,
      modelParams: '0.5',
      modelMetrics: expect.arrayContaining(['training_accuracy_score', 'training_log_loss']),
      found: true,
      isPredictionSame: true,
    });
  });

  describe('onnx', () => {
    test('a model is logged, registered and loaded back as the champion, with the same predictions', () => {
      const saw = sawIn('onnx_model');
      expect(saw).toEqual({
        version: '1',
        status: 'READY',
        isOfRun: true,
        isSourceTheModel: true,
        aliases: ['champion'],
        stage: 'None',
        downloadUri: expect.stringMatching(/^mlflow-artifacts:\/\d+\/models\/m-[0-9a-f]{32}\/artifacts$/),
        // The server says it with a number, and the client once more with a text, as against MLflow's own server.
        registrations: [
          { name: 'late-arrival', version: 1 },
          { name: 'late-arrival', version: '1' },
        ],
        flavors: ['onnx', 'python_function'],
        inputs: [{ type: 'tensor', 'tensor-spec': { dtype: 'float32', shape: [-1, 4] } }],
        isExampleSame: true,
        isPredictionSame: true,
        isNearOriginal: true,
        isFileSame: true,
        isOutputOfRun: true,
      });
    });

    test('Capstan knows what the version consists of: what it will serve', async () => {
      const client = createClient({ baseUrl: server().url });
      const version = await client.registry.getVersion({ params: { model: 'late-arrival', version: 1 } });
      expect(version).toMatchObject({ aliases: ['champion'], whyNoFiles: null });
      expect(version.files).toMatchObject({ flavor: 'onnx', onnx: expect.stringMatching(/^sha256:/) });
      expect(version.files?.signature?.inputs).toContain('float32');
    });
  });

  test('registry: numbers are never used again, aliases move, prompts are no models', async () => {
    expect(sawIn('registry')).toEqual({
      numbers: ['1', '2', '3'],
      moved: [[], ['champion']],
      tags: { checked: 'yes' },
      description: 'the third',
      modelTags: { owner: 'ops' },
      aliases: { champion: '3' },
      copied: ['copies', '1'],
      byName: ['cupboard'],
      byTag: ['cupboard'],
      versions: ['1', '3'],
      ofRun: ['copies', 'cupboard', 'cupboard'],
      missingAlias: refused('INVALID_PARAMETER_VALUE', 400, 'Registered model alias champion not found.'),
      goneModel: refused('RESOURCE_DOES_NOT_EXIST', 404),
      prompt: [1, 'Say hi'],
      promptIsNoModel: [],
    });
    const { items } = await createClient({ baseUrl: server().url }).registry.listModels({ query: {} });
    expect(items.map(({ name }) => name)).toEqual(['cupboard', 'late-arrival', 'taken']);
  });

  test('errors: codes and statuses that clients act on, words that people do', () => {
    const gone = (words: string) => refused('RESOURCE_DOES_NOT_EXIST', 404, words);
    const wrong = (words: string) => refused('INVALID_PARAMETER_VALUE', 400, words);
    expect(sawIn('errors')).toEqual({
      missingRun: gone('not found'),
      missingRunMetric: gone('not found'),
      missingExperiment: gone('No Experiment with id=999999 exists'),
      missingModel: gone('Registered Model with name=nowhere not found'),
      missingVersion: gone('version=7'),
      missingAliasVersion: gone('version=7'),
      missingLoggedModel: gone('not found'),
      missingArtifact: gone('absent.txt'),
      changedParam: wrong("Param with key='depth' was already logged with value='3'"),
      changedParams: wrong("'old_value': '3', 'new_value': '5'"),
      takenExperiment: refused('RESOURCE_ALREADY_EXISTS', 400, 'already exists'),
      takenModel: refused('RESOURCE_ALREADY_EXISTS', 400, 'already exists'),
      reservedAlias: wrong('reserved'),
      badSource: wrong('Invalid model version source'),
      deletedTag: gone('No tag with name: absent'),
      paramsAfter: { depth: '3' },
    });
  });
});

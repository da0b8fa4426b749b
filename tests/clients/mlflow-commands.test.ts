// The command line of an unmodified mlflow: mlflow_commands_session.py acts as users do, this says what they must see.
import { expect, test } from 'vitest';
import { describeSession } from './sessions.ts';

describeSession('mlflow_commands_session.py', ({ sawIn }) => {
  test('mlflow experiments: create, get, search, rename, delete, restore', () => {
    expect(sawIn('experiments')).toEqual({ got: true, active: [true, false], deleted: true, restored: true });
  });

  test('mlflow runs: create, list, describe, delete, restore, csv', () => {
    expect(sawIn('runs')).toEqual({ described: [true, 'läuft', 'FAILED'], deleted: false, restored: true, csv: true });
  });

  test('mlflow artifacts: log-artifact, log-artifacts, list, download', () => {
    expect(sawIn('artifacts')).toEqual({
      root: ['kept', 'note.txt'],
      kept: [
        { path: 'kept/deep', is_dir: true },
        { path: 'kept/note.txt', is_dir: false, file_size: 5 },
      ],
      text: 'läuft\n',
    });
  });

  test('a mistake ends with the words of the server', () => {
    expect(sawIn('mistakes')).toEqual({
      missing: expect.stringContaining('not found'),
      taken: expect.stringContaining('already exists'),
    });
  });
});

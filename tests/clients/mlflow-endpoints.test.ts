// Every call that the server of the installed mlflow answers is answered by Capstan, or said to be not.
import { mlflowRoutes, notOfferedAt } from '@capstan/api';
import { expect, test } from 'vitest';
import { fileURLToPath } from 'node:url';
import { findClientPython, findNextClientPython, runPython } from '../support/python.ts';
import { emptyFolder } from '../support/server.ts';

/** Of MLflow's web pages: their files, and forms that a browser sends. */
const pages = ['/', '/static-files/X', '/build/X', '/signup'];

test.each([
  ['pinned', findClientPython],
  ['newest', findNextClientPython],
])('each call of the %s mlflow is in one of the two lists of the reference', async (_, findPython) => {
  const script = fileURLToPath(new URL('mlflow_endpoints.py', import.meta.url));
  const python = await findPython();
  const { code, out, err } = await runPython(python, [script], {
    folder: emptyFolder(),
    env: { DO_NOT_TRACK: 'true' },
  });
  if (code !== 0) throw new Error(err);
  const theirs = out
    .trim()
    .split('\n')
    .map((line) => line.replaceAll(/<[^>]+>|\{[^}]+\}/g, 'X'));
  expect(theirs.length).toBeGreaterThan(400);

  const routes = Object.values(mlflowRoutes).flat();
  const ours = new Set(routes.map(({ method, path }) => `${method} ${path.replaceAll(/:\w+|\*/g, 'X')}`));
  const paths = new Set([...ours].map((call) => call.slice(call.indexOf(' ') + 1)));
  const unknown = theirs.filter((call) => {
    const [method = '', path = ''] = call.split(' ');
    const isAnswered = method === 'ANY' ? paths.has(path) : ours.has(call);
    return !isAnswered && notOfferedAt(path) === undefined && !pages.includes(path);
  });
  expect(unknown).toEqual([]);
});

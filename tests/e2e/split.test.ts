// Two revisions of a deployment answer side by side: by ids, and by a header whose value always goes the same way.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findClientPython } from '../support/python.ts';
import { MODELS, registerOnnxFile, serveModels, type ServedModels } from '../support/served-models.ts';
import { capstan } from '../support/server.ts';

let served: ServedModels;
beforeAll(async () => {
  served = await serveModels({ quiet: MODELS['one-float'] });
  await registerOnnxFile(served.url, 'quiet', MODELS['one-float']);
});
afterAll(() => served.stop());

const run = promisify(execFile);
const command = (...args: string[]) => capstan(args, served.url);
const sync = () => fetch(`${served.servingUrl}/api/v1/serving/sync`, { method: 'POST' });

/** The revision that answers each of so many users, by the prediction log. */
async function revisions(
  users: readonly string[],
  headers: (user: string) => Record<string, string>,
): Promise<string[]> {
  const body = JSON.stringify({ rows: [{ in_FP32: [1, 2] }] });
  return await Promise.all(
    users.map(async (user) => {
      const answer = await fetch(`${served.servingUrl}/models/quiet/predict`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers(user) },
        body,
      });
      const { predictions } = (await answer.json()) as { predictions: [{ revision: number }] };
      return `${user}:${predictions[0].revision}`;
    }),
  );
}

const GRPC = `
import sys
import numpy as np
import tritonclient.grpc as triton
client = triton.InferenceServerClient(sys.argv[1])
tensor = triton.InferInput("in_FP32", [1, 2], "FP32")
tensor.set_data_from_numpy(np.ones((1, 2), np.float32))
for user in sys.argv[2:]:
    answer = client.infer("quiet", [tensor], headers={"x-user-id": user}).get_response()
    print(user + ":" + answer.model_version)
`;

test('a share of the users, the same ones over every protocol, more when it grows, all in the end', async () => {
  const begun = await command('deploy', 'quiet', '--share', '30%', '--sticky', 'X-User-Id', '--wait', '--json');
  expect(begun.err).not.toMatch(/error/i);
  expect(JSON.parse(begun.out)).toMatchObject({ state: 'held', guards: false });
  await sync();
  const users = Array.from({ length: 200 }, (_, user) => `user-${user}`);
  const byUser = (user: string) => ({ 'x-user-id': user });
  const first = await revisions(users, byUser);
  const ofCandidate = first.filter((answer) => answer.endsWith(':2'));
  expect(ofCandidate.length).toBeGreaterThan(30);
  expect(ofCandidate.length).toBeLessThan(90);
  expect(await revisions(users, byUser)).toEqual(first);

  const { grpcAddress } = (await (await fetch(`${served.servingUrl}/api/v1/serving/status`)).json()) as {
    grpcAddress: string;
  };
  const { stdout } = await run(await findClientPython(), ['-c', GRPC, grpcAddress, ...users.slice(0, 50)]);
  expect(stdout.trim().split('\n')).toEqual(first.slice(0, 50));

  // Without the header it goes by ids: one user is answered by both.
  const nobody = await revisions(
    Array.from({ length: 100 }, () => 'same'),
    () => ({}),
  );
  expect(new Set(nobody).size).toBe(2);

  expect((await command('deployments', 'share', 'quiet', '70%', '--reason', 'it does well')).code).toBe(0);
  await sync();
  const later = await revisions(users, byUser);
  expect(later.filter((answer) => answer.endsWith(':2')).length).toBeGreaterThan(110);
  expect(later).toEqual(expect.arrayContaining(ofCandidate));

  await fetch(`${served.servingUrl}/api/v1/serving/flush`, { method: 'POST' });
  const propensities = async (): Promise<unknown[]> => {
    const sql = 'select distinct revision, round(propensity, 3) as propensity from predictions order by all';
    const { out } = await command('predictions', 'query', sql, '--json');
    if (out === '') return [];
    const { rows } = JSON.parse(out) as { rows: { revision: number; propensity: number }[] };
    return rows.map(({ revision, propensity }) => [revision, propensity]);
  };
  await expect.poll(propensities, { timeout: 20_000 }).toEqual([
    [1, 0.3],
    [1, 0.7],
    [2, 0.3],
    [2, 0.7],
  ]);

  expect((await command('deployments', 'share', 'quiet', '100%', '--reason', 'better')).code).toBe(0);
  const champion = async () => {
    const shown = await command('deployments', 'show', 'quiet', '--json');
    return (JSON.parse(shown.out) as { champion: { number: number } }).champion.number;
  };
  await expect.poll(champion, { timeout: 20_000 }).toBe(2);
});

test.each([
  [['deploy', 'quiet', '--share', '120%'], /between 0% and 100%/],
  [['deploy', 'quiet', '--version', '1', '--sticky', 'x-user-id'], /--sticky goes with --share/],
  [['deploy', 'quiet', '--version', '1', '--share', '5%', '--sticky', 'not a header'], /name a header in lower case/],
  [['deployments', 'share', 'quiet', '20%', '--reason', 'x'], /quiet has no split under way/],
])('%j is refused, and says why', async (args, message) => {
  const { code, err } = await command(...args);
  expect(code).not.toBe(0);
  expect(err).toMatch(message);
});

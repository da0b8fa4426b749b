// A deployment built into a folder: moved elsewhere it answers as the live one did, with no control plane, an empty environment
// and no packages around; what it logs is taken home.
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MODELS, serveModels, type ServedModels } from '../support/served-models.ts';
import { findClientPython } from '../support/python.ts';
import { capstan, emptyFolder } from '../support/server.ts';
import { startAlone } from '../support/standalone.ts';

const NAME = 'columns';
let server: ServedModels;
const root = emptyFolder();
const built = join(root, 'built');
const isBuilt = process.env['TEST_CAPSTAN'] !== undefined;

beforeAll(async () => {
  server = await serveModels({ [NAME]: MODELS.columns, 'one-float': MODELS['one-float'] });
});
afterAll(async () => {
  await server?.stop();
  execFileSync('chmod', ['-R', 'u+w', root]);
  rmSync(root, { recursive: true, force: true });
});

const build = (...args: string[]) => capstan(['build', ...args], server.url);

const asked = async (url: string, path: string, body: unknown): Promise<unknown> => {
  const response = await fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  expect(response.status, text).toBe(200);
  return JSON.parse(text);
};

async function exampleRows(): Promise<Record<string, unknown>[]> {
  const { inputs } = (await (await fetch(`${server.servingUrl}/v2/models/${NAME}`)).json()) as {
    inputs: { name: string; datatype: string }[];
  };
  return [0, 1, 2].map((row) =>
    Object.fromEntries(
      inputs.map(({ name, datatype }) => [name, datatype === 'BYTES' ? 'UA' : datatype === 'BOOL' ? true : row + 1]),
    ),
  );
}

/** What was answered, without the ids that each request gets. */
function outputsOf(answer: unknown): unknown {
  const { predictions } = answer as { predictions: { outputs: unknown; revision: number }[] };
  return predictions.map(({ outputs, revision }) => ({ outputs, revision }));
}

/** What tritonclient gets for two rows, as text. */
async function grpcAnswer(address: string): Promise<string> {
  const script = `import sys, numpy as np, tritonclient.grpc as triton
from tritonclient.utils import triton_to_np_dtype
client = triton.InferenceServerClient(sys.argv[1])
rows = []
for spec in client.get_model_metadata("${NAME}").inputs:
    values = np.array([b"UA", b"DL"], object) if spec.datatype == "BYTES" else np.array([1, 2], triton_to_np_dtype(spec.datatype))
    rows.append(triton.InferInput(spec.name, [2, *list(spec.shape)[1:]], spec.datatype))
    rows[-1].set_data_from_numpy(values.reshape(rows[-1].shape()))
answer = client.infer("${NAME}", rows)
print([(output.name, answer.as_numpy(output.name).tolist()) for output in answer.get_response().outputs])
`;
  return execFileSync(await findClientPython(), ['-c', script, address], { encoding: 'utf8' });
}

describe.runIf(isBuilt)('a built folder', () => {
  test('holds program, model, Dockerfile and a manifest, and is the same for the same deployment', async () => {
    const first = await build(NAME, '--output', built, '--json');
    expect(first.err).toBe('');
    const again = await build(NAME, '--output', join(root, 'again'), '--json');
    expect((JSON.parse(again.out) as { digest: string }).digest).toBe(
      (JSON.parse(first.out) as { digest: string }).digest,
    );
    for (const path of readdirSync(built, { recursive: true, encoding: 'utf8' })) {
      const [one, other] = [join(built, path), join(root, 'again', path)];
      if (statSync(one).isFile() && !readFileSync(one).equals(readFileSync(other))) throw new Error(`${path} differs`);
    }
    expect(readdirSync(built).toSorted()).toEqual([
      'Dockerfile',
      'README.md',
      'manifest.json',
      'models',
      'program',
      'serve.mjs',
      'snapshot.json',
    ]);
    const manifest = JSON.parse(readFileSync(join(built, 'manifest.json'), 'utf8')) as {
      packages: { name: string; license: string }[];
    };
    expect(manifest.packages.map(({ name }) => name)).toContain('fastify');
    expect(manifest.packages.filter(({ license }) => license === 'not said')).toEqual([]);
    // Nothing of the control plane, and none of its vendors.
    const names = readdirSync(join(built, 'program', 'node_modules'));
    for (const name of ['pg', '@aws-sdk', '@duckdb', 'google-auth-library']) expect(names).not.toContain(name);
  });

  test('the Dockerfile runs as nobody special, installs nothing, and keeps what is logged in a volume', () => {
    // There is no Docker here: it is read, not built.
    const lines = readFileSync(join(built, 'Dockerfile'), 'utf8').replaceAll('\\\n', ' ').split('\n');
    const instructions = lines.filter((line) => line !== '' && !line.startsWith('#')).map((line) => line.split(' ')[0]);
    const known = ['FROM', 'COPY', 'RUN', 'VOLUME', 'USER', 'WORKDIR', 'ENV', 'EXPOSE', 'HEALTHCHECK', 'ENTRYPOINT'];
    expect(instructions.filter((name) => !known.includes(name ?? ''))).toEqual([]);
    expect(instructions[0]).toBe('FROM');
    expect(instructions.indexOf('USER')).toBeGreaterThan(instructions.lastIndexOf('RUN'));
    expect(lines).toContain('USER node');
    expect(lines).toContain('VOLUME /data');
    expect(lines.join('\n')).not.toMatch(/npm|curl|wget/);
    const [, command = '[]'] = /^ENTRYPOINT (.*)$/m.exec(lines.join('\n')) ?? [];
    expect(JSON.parse(command)).toEqual(['node', 'serve.mjs', '--data', '/data']);
  });

  test('elsewhere, read-only and by a user without rights, it answers as the live deployment does; its log comes home', async () => {
    const place = emptyFolder();
    chmodSync(place, 0o755);
    const moved = join(place, 'moved');
    cpSync(built, moved, { recursive: true });
    execFileSync('chmod', ['-R', 'a+rX,a-w', moved]);
    const data = emptyFolder();
    chmodSync(data, 0o777);
    const alone = await startAlone(moved, data);
    try {
      const rows = await exampleRows();
      await fetch(`${alone.url}/v2/health/ready`);
      const live = await asked(server.servingUrl, `/models/${NAME}/predict`, { rows });
      await expect
        .poll(async () => (await fetch(`${alone.url}/v2/health/ready`)).status, { timeout: 30_000 })
        .toBe(200);
      expect(outputsOf(await asked(alone.url, `/models/${NAME}/predict`, { rows }))).toEqual(outputsOf(live));
      expect(await asked(alone.url, '/invocations', { dataframe_records: rows })).toEqual(
        await asked(server.servingUrl, `/models/${NAME}/invocations`, { dataframe_records: rows }),
      );
      const metadata = async (url: string) => await (await fetch(`${url}/v2/models/${NAME}`)).json();
      expect(await metadata(alone.url)).toEqual(await metadata(server.servingUrl));
      const { grpcAddress } = (await (await fetch(`${server.servingUrl}/api/v1/serving/status`)).json()) as {
        grpcAddress: string;
      };
      expect(await grpcAnswer(alone.grpc)).toBe(await grpcAnswer(grpcAddress));
    } finally {
      await alone.stop();
    }
    expect(alone.child.exitCode).toBe(0);
    const sql = `select count(*) as n from predictions where deployment = '${NAME}'`;
    const logged = async (): Promise<number> => {
      const { out } = await capstan(['predictions', 'query', sql, '--json'], server.url);
      return out === '' ? 0 : ((JSON.parse(out) as { rows: { n: number }[] }).rows[0]?.n ?? 0);
    };
    await fetch(`${server.servingUrl}/api/v1/serving/flush`, { method: 'POST' });
    await expect.poll(logged, { timeout: 20_000 }).toBe(8);
    for (let time = 0; time < 2; time++) {
      const imported = await capstan(['predictions', 'import', data], server.url);
      expect(imported.code, imported.err).toBe(0);
      await expect.poll(logged, { timeout: 20_000 }).toBe(16);
    }
    execFileSync('chmod', ['-R', 'u+w', place]);
  });

  test('answers those alone who may call the deployment', async () => {
    const folder = join(root, 'guarded');
    const made = ['consumers', 'create', 'friend', '--owner', 'me', '--purpose', 'a test', '--deployment', 'one-float'];
    const { out } = await capstan([...made, '--json'], server.url);
    const { token } = JSON.parse(out) as { token: string };
    expect((await capstan(['consumers', 'require', 'one-float'], server.url)).code).toBe(0);
    expect((await build('one-float', '--output', folder)).code).toBe(0);
    expect(readFileSync(join(folder, 'snapshot.json'), 'utf8')).not.toContain(token);
    // Of callers of others it has nothing.
    expect((await build(NAME, '--output', join(root, 'open'))).code).toBe(0);
    expect(readFileSync(join(root, 'open', 'snapshot.json'), 'utf8')).not.toContain('friend');
    const place = emptyFolder();
    chmodSync(place, 0o755);
    cpSync(folder, join(place, 'copy'), { recursive: true });
    execFileSync('chmod', ['-R', 'a+rX', place]);
    const data = emptyFolder();
    chmodSync(data, 0o777);
    const alone = await startAlone(join(place, 'copy'), data);
    try {
      const status = async (path: string, headers: Record<string, string>): Promise<number> => {
        const body = JSON.stringify({ inputs: [{ name: 'in_FP32', shape: [1, 2], datatype: 'FP32', data: [1, 2] }] });
        return (await fetch(alone.url + path, { method: 'POST', headers, body })).status;
      };
      const path = '/v2/models/one-float/infer';
      await expect.poll(() => status(path, { authorization: `Bearer ${token}` }), { timeout: 30_000 }).toBe(200);
      expect(await status(path, {})).toBe(401);
      expect(await status(path, { authorization: `Bearer ${token}x` })).toBe(401);
    } finally {
      await alone.stop();
    }
  });

  test.each([
    [
      'changed',
      (folder: string) => appendFileSync(join(folder, 'serve.mjs'), '\n'),
      'The file serve.mjs has been changed',
    ],
    ['gone', (folder: string) => rmSync(join(folder, 'snapshot.json')), 'The file snapshot.json is not there'],
    [
      'new',
      (folder: string) => writeFileSync(join(folder, 'program', 'more.js'), ''),
      'The file program/more.js is none of those',
    ],
  ])('a file that is %s keeps it from starting, and is named', async (_, tamper, message) => {
    const place = emptyFolder();
    const data = emptyFolder();
    chmodSync(place, 0o755);
    chmodSync(data, 0o777);
    const folder = join(place, 'copy');
    cpSync(built, folder, { recursive: true });
    tamper(folder);
    execFileSync('chmod', ['-R', 'a+rX', folder]);
    await expect(startAlone(folder, data)).rejects.toThrow(message);
  });
});

describe('what cannot be built', () => {
  test.runIf(isBuilt)(
    'a folder that holds something is left alone; one that was built before needs --force',
    async () => {
      const full = emptyFolder();
      writeFileSync(join(full, 'mine.txt'), 'mine');
      for (const args of [[], ['--force']]) {
        const { code, err } = await build(NAME, '--output', full, ...args);
        expect(code).toBe(5);
        expect(err).toContain('is not empty');
      }
      expect(readdirSync(full)).toEqual(['mine.txt']);
      const folder = join(root, 'forced');
      expect((await build(NAME, '--output', folder)).code).toBe(0);
      expect((await build('one-float', '--output', folder)).code).toBe(5);
      expect((await build('one-float', '--output', folder, '--force')).code).toBe(0);
      expect(readFileSync(join(folder, 'manifest.json'), 'utf8')).toContain('"deployment": "one-float"');
      renameSync(folder, join(root, 'renamed'));
    },
  );

  test.runIf(isBuilt)('a deployment that is not there', async () => {
    const { code, err } = await build('nobody', '--output', join(root, 'none'));
    expect(code).toBe(3);
    expect(err).toContain("No deployment 'nobody'");
    expect(readdirSync(root)).not.toContain('none');
  });

  test('a folder that nothing was built into', async () => {
    mkdirSync(join(root, 'empty'));
    const { code, err } = await capstan(['serve', '--from', join(root, 'empty'), '--data', emptyFolder()], server.url);
    expect(code).toBe(2);
    expect(err).toContain('is no folder that capstan build has made');
  });
});

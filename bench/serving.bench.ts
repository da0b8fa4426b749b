// The data plane beside other model servers and beside what this machine can do at most, all in one run, in turns:
// npm run bench -- serving [--sources] [--rounds N] [--seconds N] [--quick] [--servers A,B] [--parts one,many,binary,overload,grpc,whole,batch,attacks]
// [--models rf,lr] [--connections 1,8,64], after npm run build. TEST_SERVING names a Python that has bench/requirements-serving.txt.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findBenchPython } from '../tests/support/python.ts';
import { emptyFolder, launcher } from '../tests/support/server.ts';
import { installInto } from './installed.ts';
import { machine } from './measure.ts';
import { measureAttacks } from './serving/attacks.ts';
import { measureBatch } from './serving/batch.ts';
import { measureBinary } from './serving/binary.ts';
import { measureGrpc } from './serving/grpc.ts';
import { measureMany, measureOne, measureOverload, type Setup } from './serving/parts.ts';
import {
  MODELS,
  startBento,
  startCapstan,
  startMlflow,
  startMlserver,
  startReference,
  type ModelName,
  type Server,
} from './serving/servers.ts';
import { measureWhole } from './serving/whole.ts';

// Of ONNX Runtime in whatever runs it here: nothing measured reaches another machine.
process.env['ORT_DISABLE_TELEMETRY'] = '1';

const { values } = parseArgs({
  options: {
    sources: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '3' },
    quick: { type: 'boolean', default: false },
    servers: { type: 'string', default: 'capstan,echo,fastify,mlflow,mlserver,bentoml' },
    parts: { type: 'string', default: 'one,many,binary,overload,grpc,whole,batch,attacks' },
    models: { type: 'string', default: MODELS.join(',') },
    connections: { type: 'string', default: '1,8,64' },
  },
});
const python = await findBenchPython('serving');
const folder = emptyFolder();
const models = join(folder, 'models');
execFileSync(python, [fileURLToPath(new URL('serving/models.py', import.meta.url)), models], { stdio: 'ignore' });
const program = values.sources ? launcher : installInto(join(folder, 'program'));

/** Each by its short name; those of one model only are given the model. */
const starts: Readonly<Record<string, (model: ModelName) => Promise<Server>>> = {
  capstan: () => startCapstan(program, join(folder, 'data'), models),
  echo: () => startReference('echo'),
  fastify: (model) => startReference('fastify', join(models, model, 'model.onnx')),
  mlflow: (model) => startMlflow(python, models, model),
  mlserver: () => startMlserver(python, models),
  bentoml: () => startBento(python, models),
};
const setup: Setup = {
  rounds: values.quick ? 1 : Number(values.rounds),
  durationMs: values.quick ? 1_500 : Number(values.seconds) * 1_000,
  warmUpMs: values.quick ? 500 : 1_000,
  connections: values.connections.split(',').map(Number),
};

// An end by signal is an end too: what was started ends with it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

console.log(machine());
if (values.parts.split(',').includes('whole')) await measureWhole({ program, folder, python, models }, setup);
if (values.parts.split(',').includes('attacks')) await measureAttacks(python, setup);
const chosen = MODELS.filter((name) => values.models.split(',').includes(name));
if (values.parts.split(',').includes('batch')) await measureBatch({ program, folder, python, models }, chosen, setup);
for (const model of chosen) {
  const servers: Server[] = [];
  try {
    for (const name of values.servers.split(',')) {
      const start = starts[name];
      if (!start) throw new Error(`no server ${name}: ${Object.keys(starts).join(', ')}`);
      servers.push(await start(model));
    }
    const parts = values.parts.split(',');
    if (parts.includes('one')) await measureOne(servers, model, setup);
    if (parts.includes('many')) await measureMany(servers, model, setup);
    if (parts.includes('binary')) await measureBinary(servers, models, model, setup);
    if (parts.includes('overload')) await measureOverload(servers, model, setup);
    if (parts.includes('grpc')) await measureGrpc(servers, model, setup);
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

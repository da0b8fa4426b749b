// Pipelines of a repository, by Capstan and by the real dvc in the same run, in turns.
// npm run bench -- pipelines [--sources] [--rounds N], after npm run build.
import { benchOptions } from './repository/options.ts';
import { openBench } from './repository/peers.ts';
import { benchPipelines } from './repository/pipelines.ts';

const bench = await openBench(benchOptions());
try {
  benchPipelines(bench);
} finally {
  bench.close();
}

// All that Capstan does in a repository of DVC beside the real dvc, in one table: data, transfers and pipelines.
// npm run bench -- repository [--sources] [--rounds N], after npm run build. A million files: npm run bench -- million.
import { benchData } from './repository/data.ts';
import { benchOptions } from './repository/options.ts';
import { openBench } from './repository/peers.ts';
import { benchPipelines } from './repository/pipelines.ts';
import { benchTransfers } from './repository/transfers.ts';

const bench = await openBench(benchOptions());
try {
  benchData(bench);
  await benchTransfers(bench);
  benchPipelines(bench);
} finally {
  bench.close();
}

// Data of a repository, by Capstan and by the real dvc in the same run, in turns: what people wait for, as ratios.
// npm run bench -- data [--sources] [--rounds N], after npm run build.
import { benchData } from './repository/data.ts';
import { benchOptions } from './repository/options.ts';
import { openBench } from './repository/peers.ts';
import { benchTransfers } from './repository/transfers.ts';

const bench = await openBench(benchOptions());
try {
  benchData(bench);
  await benchTransfers(bench);
} finally {
  bench.close();
}

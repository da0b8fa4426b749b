// A folder of a million files, by Capstan alone: time and memory of looking at it. Takes minutes and some GB of disk.
// npm run bench -- million [--sources] [--files N], after npm run build.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeMany } from './repository/files.ts';
import { openBench, tellAlone, type Measured } from './repository/peers.ts';

const { values } = parseArgs({
  options: { sources: { type: 'boolean', default: false }, files: { type: 'string', default: '1000000' } },
});
const GOAL = '≤ 30 s, ≤ 500 MiB';
const bench = await openBench({ sources: values.sources, rounds: 1 });
try {
  const one = bench.checkout();
  // Or every byte would be there twice.
  one.set('[cache]\n    type = hardlink\n');
  writeMany(join(one.root, 'small'), Number(values.files), 16);
  tell('add', one.run('add', 'small'), '-');
  tell('status', one.run('status'), GOAL);
  writeFileSync(join(one.root, 'small', '0000', 'another.bin'), 'another');
  tell('status after one was added', one.run('status'), GOAL);
} finally {
  bench.close();
}

function tell(what: string, { seconds, megabytes }: Measured, goal: string): void {
  tellAlone(`${what}, ${Number(values.files)} files`, `${seconds.toFixed(1)} s, ${megabytes.toFixed(0)} MiB`, goal);
}

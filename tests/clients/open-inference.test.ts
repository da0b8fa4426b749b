import { expect, test } from 'vitest';
import { serveModels } from '../support/served-models.ts';
test('x', async () => {
  const s = await serveModels();
  console.log(await (await fetch(s.servingUrl + '/v2/models/every-datatype')).text());
  await s.stop();
  expect(1).toBe(1);
}, 100000);

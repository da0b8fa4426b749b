import { expect, test } from 'vitest';
import { describeDatabases } from '#database/testing';
import { seededRandom } from '#kernel/statistics/testing/seeded-random';
import { cause, DAY, setup, START, type Flight } from './testing.ts';

const ROWS = 600;

/** A day of flights; `shift` moves the temperature, `skill` is how well the answers know what happens. */
function dayOf(day: number, seed: number, { shift = 0, skill = 0.9 } = {}) {
  const random = seededRandom(seed);
  const flights: Flight[] = [];
  const labels: { id: string; label: 0 | 1; at: number }[] = [];
  for (let row = 0; row < ROWS; row++) {
    const at = START + day * DAY + Math.floor((row * DAY) / ROWS);
    const label = random.chance(0.25) ? 1 : 0;
    const isRight = random.chance(skill);
    const id = `d${day}-${row}`;
    flights.push({
      id,
      at,
      carrier: random.chance(0.5) ? 'AA' : 'UA',
      temperature: random.normal() * 10 + 50 + shift,
      probability: (label === 1) === isRight ? 0.8 : 0.1,
    });
    labels.push({ id, label, at: at + DAY });
  }
  return { flights, labels };
}

const training = dayOf(0, 1).flights;

describeDatabases('monitors', (open) => {
  test('nothing is judged before a window has closed', async () => {
    const at = await setup(await open(), training);
    await at.deploy(1);
    at.setClock(START + DAY / 2);
    await at.log(dayOf(0, 2).flights.slice(0, ROWS / 2));
    const items = await at.monitors.check('flights', cause);
    expect(items.map(({ name, verdict, windows }) => [name, verdict, windows])).toEqual([
      ['features-1d', 'unknown', 0],
      ['performance-1d', 'unknown', 0],
    ]);
    expect(items[0]?.reason).toBe('no window has closed yet');
  });

  test('features like those of the training are healthy; a moved one raises an alert once, with its figures', async () => {
    const at = await setup(await open(), training);
    await at.deploy(1);
    const days = [dayOf(0, 2), dayOf(1, 3, { shift: 15 }), dayOf(2, 4, { shift: 15 }), dayOf(3, 5), dayOf(4, 6)];
    for (const [day, { flights }] of days.entries()) {
      at.setClock(START + (day + 1) * DAY);
      await at.log(flights);
      await at.monitors.watch('flights', cause);
    }
    const { items, alerts, alert } = await at.monitors.get('flights', 'features-1d', 60);
    expect(items.map(({ verdict }) => verdict)).toEqual(['healthy', 'alarm', 'alarm', 'healthy']);
    const [worst, other] = items[1]?.columns ?? [];
    expect(worst).toMatchObject({ column: 'temperature', verdict: 'drifted', test: 'kolmogorov-smirnov', rows: ROWS });
    expect(worst?.effect).toBeGreaterThan(0.3);
    expect(other).toMatchObject({ column: 'carrier', verdict: 'steady', test: 'chi-square', referenceRows: ROWS });
    expect(items[1]?.reason).toContain('temperature');
    expect(alert).toBeNull();
    expect(await at.monitors.standing()).toEqual([]);
    expect(alerts).toMatchObject([{ kind: 'drift', from: START + DAY, resolvedAt: START + 5 * DAY }]);
    const raised = await at.events.list({ type: 'monitor-alert.raised', limit: 10 });
    expect(raised).toHaveLength(1);
    const [judged] = (await at.events.list({ type: 'monitor-window.judged', limit: 10 })).filter(
      ({ payload }) => payload['monitor'] === 'features-1d' && payload['from'] === START + DAY,
    );
    expect(raised[0]).toMatchObject({
      project: 'flights',
      subject: 'monitor:flights/features-1d',
      causationSeq: judged?.seq,
      payload: { monitor: 'features-1d', kind: 'drift', reason: items[1]?.reason },
    });
  });

  test('the same windows are judged once, however often one looks', async () => {
    const at = await setup(await open(), training);
    await at.deploy(1);
    at.setClock(START + 2 * DAY);
    await at.log([...dayOf(0, 2, { shift: 15 }).flights, ...dayOf(1, 3).flights.slice(0, 10)]);
    await Promise.all([at.monitors.watch('flights', cause), at.monitors.watch('flights', cause)]);
    await at.monitors.watch('flights', cause);
    const { items, alerts } = await at.monitors.get('flights', 'features-1d', 60);
    expect(items).toHaveLength(1);
    expect(alerts).toHaveLength(1);
    expect(await at.monitors.standing()).toEqual([{ ...alerts[0], project: 'flights' }]);
  });

  test('inputs that are not written yet are waited for, a day at most', async () => {
    const at = await setup(await open(), training);
    await at.deploy(1);
    at.setClock(START + DAY + 1_000);
    await at.log(dayOf(1, 3).flights.slice(0, 1));
    const segment = await at.log(dayOf(0, 2).flights, false);
    await at.monitors.watch('flights', cause);
    expect((await at.monitors.get('flights', 'features-1d', 60)).items).toEqual([]);
    await at.writeInputs(segment);
    await at.monitors.watch('flights', cause);
    expect((await at.monitors.get('flights', 'features-1d', 60)).items).toMatchObject([
      { verdict: 'healthy', n: ROWS },
    ]);
  });

  test('an answer that was asked for again counts once', async () => {
    const at = await setup(await open(), training);
    await at.deploy(1);
    const { flights } = dayOf(0, 2);
    at.setClock(START + DAY);
    await at.log(flights);
    at.setClock(START + DAY + 1_000);
    await at.log([...flights.slice(0, 200), ...dayOf(1, 3).flights.slice(0, 1)]);
    await at.monitors.watch('flights', cause);
    expect((await at.monitors.get('flights', 'features-1d', 60)).items).toMatchObject([{ n: ROWS }]);
  });

  test('windows in which nobody asked are passed over', async () => {
    const at = await setup(await open(), training);
    await at.deploy(1);
    at.setClock(START + 1_000 * DAY);
    await at.log([...dayOf(0, 2).flights, ...dayOf(900, 3).flights]);
    await at.monitors.watch('flights', cause);
    const { items } = await at.monitors.get('flights', 'features-1d', 60);
    expect(items.map(({ from, n }) => [from, n])).toEqual([
      [START, ROWS],
      [START + 900 * DAY, ROWS],
    ]);
  });

  test('what a version was trained on being unknown is said, and raises nothing', async () => {
    const at = await setup(await open(), training);
    at.forgetTraining();
    await at.deploy(1);
    at.setClock(START + 2 * DAY);
    await at.log(dayOf(0, 2, { shift: 50 }).flights);
    await at.monitors.watch('flights', cause);
    const { items, alerts } = await at.monitors.get('flights', 'features-1d', 60);
    expect(items).toMatchObject([{ verdict: 'unknown', reason: 'nobody knows what it was trained on', n: ROWS }]);
    expect(alerts).toEqual([]);
  });

  test('answers worth less than the constant raise decay, when their labels are in', async () => {
    const at = await setup(await open(), training);
    await at.deploy(1);
    const days = [dayOf(0, 2), dayOf(1, 3, { skill: 0.5 }), dayOf(2, 4)];
    for (const [day, { flights }] of days.entries()) {
      at.setClock(START + (day + 1) * DAY);
      await at.log(flights);
    }
    at.setClock(START + 2.5 * DAY);
    await at.monitors.watch('flights', cause);
    expect((await at.monitors.get('flights', 'performance-1d', 60)).items).toEqual([]);
    at.setClock(START + 4 * DAY);
    for (const { labels } of days) await at.outcomes(labels);
    await at.monitors.watch('flights', cause);
    const { items, alert } = await at.monitors.get('flights', 'performance-1d', 60);
    expect(items.map(({ verdict }) => verdict)).toEqual(['healthy', 'alarm']);
    expect(items[0]?.performance).toMatchObject({ labels: ROWS, coverage: 1, baselineProbability: 0.25 });
    expect(items[0]?.performance?.difference?.upper).toBeLessThan(0);
    expect(items[1]?.performance?.difference?.upper).toBeGreaterThan(0);
    expect(alert).toMatchObject({ kind: 'decay', monitor: 'performance-1d' });
  });

  test('a monitor that is not declared is refused with the nearest name', async () => {
    const at = await setup(await open(), training);
    await expect(at.monitors.get('flights', 'feature-1d', 60)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      hint: "Did you mean 'features-1d'?",
    });
    await expect(at.monitors.list('flihgts')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

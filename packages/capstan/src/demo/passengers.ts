import { DomainError, invalid } from '#kernel/errors';
import type { DayOfFlights } from './world.ts';

/** Rows of one request: as many as a departure board asks for at once. */
const BATCH_ROWS = 500;

/** Asks the data plane about a day's flights, in the order of departure. Returns the probabilities of being late. */
export async function askAbout(servingUrl: string, deployment: string, flights: DayOfFlights): Promise<number[]> {
  const probabilities: number[] = [];
  for (let start = 0; start < flights.ids.length; start += BATCH_ROWS) {
    const inputs = Object.fromEntries(
      Object.entries(flights.columns).map(([name, values]) => [name, values.slice(start, start + BATCH_ROWS)]),
    );
    const answer = await post(`${servingUrl}/models/${deployment}/invocations`, { inputs });
    probabilities.push(...probabilitiesOf(answer));
  }
  return probabilities;
}

/** Ships what the data plane has logged, shadows included. */
export async function flush(servingUrl: string): Promise<void> {
  await post(`${servingUrl}/api/v1/serving/flush`);
}

/** Has the data plane take the newest snapshot, and with it the time. */
export async function sync(servingUrl: string): Promise<void> {
  await post(`${servingUrl}/api/v1/serving/sync`);
}

async function post(url: string, body?: unknown): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  }).catch((cause: unknown) => {
    throw new DomainError('UNAVAILABLE', 'The data plane does not answer', { cause });
  });
  if (response.ok) return await response.json();
  const text = await response.text();
  // 404: it has just started and follows no snapshot with this deployment yet.
  if ([404, 429, 503].includes(response.status)) throw new DomainError('UNAVAILABLE', text);
  throw invalid(`The data plane answered ${response.status}: ${text.slice(0, 500)}`);
}

function probabilitiesOf(answer: unknown): number[] {
  const rows = (answer as { predictions?: { probabilities?: unknown } }).predictions?.probabilities;
  if (!Array.isArray(rows)) throw invalid('The answer holds no probabilities');
  return rows.map((row: unknown) => Number(Array.isArray(row) ? row[1] : row));
}

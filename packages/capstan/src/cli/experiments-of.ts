import type { Client } from '@capstan/client';
import { notFound } from '#kernel/errors';
import { nearest } from '#kernel/nearest';

const MOST_EXPERIMENTS = 1_000;

export type Experiment = Awaited<ReturnType<Client['experiments']['get']>>;

/** The newest ones, or the one of that name or id. @throws DomainError NOT_FOUND naming the nearest */
export async function experimentsOf(client: Client, wanted: string | undefined): Promise<Experiment[]> {
  if (wanted !== undefined) {
    const filter = `name = '${wanted.replaceAll("'", "''")}'`;
    const { items } = await client.experiments.list({ query: { view: 'all', filter } });
    if (items.length > 0) return items;
  }
  const { items } = await client.experiments.list({ query: { view: 'all', limit: MOST_EXPERIMENTS } });
  if (wanted === undefined) return items;
  const found = items.filter(({ id }) => id === wanted);
  if (found.length > 0) return found;
  const names = items.map(({ name }) => name);
  const close = nearest(wanted, names);
  throw notFound('experiment', wanted, close === undefined ? undefined : `Did you mean '${close}'?`);
}

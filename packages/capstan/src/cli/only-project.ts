import type { Client } from '@capstan/client';
import { invalid } from '#kernel/errors';

/** The project that is meant where none is named: the only one. @throws DomainError INVALID_ARGUMENT */
export async function onlyProject(client: Client): Promise<string> {
  const { items } = await client.projects.list({ query: {} });
  const [first, ...more] = items;
  if (first && more.length === 0) return first.name;
  throw invalid(first ? 'There are several projects' : 'There is no project yet', {
    field: 'project',
    hint: first
      ? `Name one: ${items.map(({ name }) => name).join(', ')}.`
      : 'capstan apply --file FOLDER/capstan.yaml makes one.',
  });
}

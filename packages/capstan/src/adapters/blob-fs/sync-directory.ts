import { open } from 'node:fs/promises';

/** Makes names in a directory durable. Windows cannot open one and keeps its names by its own journal. */
export async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

// For tests only: a process that writes for ever, to be killed. Prints the name of each write once it is acknowledged.
import { randomUUID } from 'node:crypto';
import { openDatabase } from './open.ts';

const database = await openDatabase({ url: `sqlite:${process.argv[2] ?? ''}` });

async function writeForEver(): Promise<void> {
  for (;;) {
    const name = randomUUID();
    await database.write(async (writer) => {
      await writer
        .insertInto('settings')
        .values({ name: `${name}a`, value: '' })
        .execute();
      await writer
        .insertInto('settings')
        .values({ name: `${name}b`, value: '' })
        .execute();
    });
    process.stdout.write(`${name}a\n`);
  }
}

await Promise.all([writeForEver(), writeForEver(), writeForEver()]);

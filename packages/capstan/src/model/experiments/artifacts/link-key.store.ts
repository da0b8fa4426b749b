import type { Database } from '#database';

const NAME = 'artifact-links.key';

/** The installation's key for links; the given one becomes it where there is none. */
export async function linkKey(database: Database, fresh: string): Promise<string> {
  const find = () => database.read.selectFrom('settings').select('value').where('name', '=', NAME).executeTakeFirst();
  const known = await find();
  if (known) return known.value;
  await database.write(async (writer) => {
    await writer
      .insertInto('settings')
      .values({ name: NAME, value: fresh })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  });
  return (await find())?.value ?? fresh;
}

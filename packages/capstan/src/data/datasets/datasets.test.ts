import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeDatabases } from '#database/testing';
import { cause, firstFlights, openDataBench, type DataBench } from '../testing.ts';

const at = (text: string) => Date.parse(text);

describeDatabases('datasets', (open) => {
  let bench: DataBench;

  beforeEach(async () => {
    bench = await openDataBench(await open());
  });
  afterEach(() => bench.close());

  const month = (name: string) => firstFlights(bench.analytics, bench.folder, name);
  const typesOf = async () => (await bench.events.list({ limit: 1_000 })).map((event) => event.type);

  it('gives out the files of an accepted version, and of no other', async () => {
    await bench.addMonths(['01']);
    const { id, files } = await bench.register();
    const [file] = files;
    if (!file) throw new Error('no file');
    await expect(bench.datasets.file(id, file.path)).rejects.toMatchObject({ code: 'CONFLICT' });
    await bench.checkAll();
    const stored = await bench.datasets.file(id, file.path);
    expect(stored).toEqual({ path: file.path, digest: file.digest, sizeBytes: file.sizeBytes });
    // As Parquet begins.
    const pieces: Uint8Array[] = [];
    for await (const piece of await bench.datasets.readFile(stored, { start: 0, end: 3 })) pieces.push(piece.slice());
    expect(Buffer.concat(pieces).toString()).toBe('PAR1');
    for (const other of ['', '../2013-01.parquet', '2013-02.parquet']) {
      await expect(bench.datasets.file(id, other)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    }
    await expect(bench.datasets.file('dv_none', file.path)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  describe('registering', () => {
    it('takes every file that the declared path names, and profiles them in the check', async () => {
      await bench.addMonths(['01', '02']);
      await writeFile(join(bench.folder, 'data', 'flights', 'notes.txt'), 'not data');
      const version = await bench.register();
      expect(version).toMatchObject({
        dataset: 'flights',
        number: 1,
        status: 'pending',
        origin: 'files',
        rows: 2_000,
        fileCount: 2,
        eventTime: null,
        profile: null,
        files: [
          { path: '2013-01.parquet', rows: 1_000 },
          { path: '2013-02.parquet', rows: 1_000 },
        ],
      });
      expect(version.columns).toContainEqual({
        name: 'time_hour',
        type: 'timestamp',
        storageType: 'TIMESTAMP WITH TIME ZONE',
      });
      await bench.checkAll();
      const checked = await bench.datasets.get(version.id);
      expect(checked).toMatchObject({
        status: 'accepted',
        eventTime: { min: at('2013-01-01T10:00:00Z'), max: at('2013-02-02T12:00:00Z') },
      });
      expect(await bench.datasets.latest('flights', 'flights')).toEqual(checked);
      expect(await typesOf()).toEqual(['project.applied', 'dataset-version.registered', 'dataset-version.checked']);
    });

    it('gives the same version for the same content, however often and in whatever order', async () => {
      await bench.addMonths(['01', '02']);
      const first = await bench.register();
      const others = await Promise.all([
        bench.register(),
        bench.register(['data/flights/2013-02.parquet', 'data/flights/2013-01.parquet']),
      ]);
      await bench.checkAll();
      expect([...others, await bench.register()].map((version) => version.id)).toEqual([first.id, first.id, first.id]);
      expect((await typesOf()).filter((type) => type.startsWith('dataset'))).toHaveLength(2);
    });

    it('adds files to those of the version before, replaces one of the same name, or all of them', async () => {
      const first = await bench.accepted(['01']);
      const second = await bench.accepted(['02']);
      expect(second).toMatchObject({ number: 2, fileCount: 2, rows: 2_000 });

      await writeFile(join(bench.folder, 'data', 'flights', '2013-02.parquet'), await month('03'));
      const third = await bench.register(['data/flights/2013-02.parquet']);
      expect(third).toMatchObject({ number: 3, fileCount: 2, rows: 2_000 });
      await bench.checkAll();

      const back = await bench.register(['data/flights/2013-01.parquet'], { replace: true });
      expect(back).toMatchObject({ number: 4, fileCount: 1, digest: first.digest });
      await bench.checkAll();
      expect((await bench.datasets.latest('flights', 'flights'))?.number).toBe(4);
    });

    it('loses no file when two register at once', async () => {
      await bench.addMonths(['01', '02', '03']);
      await Promise.all(['01', '02', '03'].map((month) => bench.register([`data/flights/2013-${month}.parquet`])));
      const latest = await bench.datasets.latest('flights', 'flights', 'pending', 'accepted');
      expect(latest).toMatchObject({ number: 3, fileCount: 3 });
      const listed = await bench.datasets.list({ project: 'flights', dataset: 'flights', limit: 10 });
      expect(listed.map((version) => version.number)).toEqual([3, 2, 1]);
    });

    it('takes a file from elsewhere in the project in under its own name', async () => {
      await mkdir(join(bench.folder, 'incoming'));
      await writeFile(join(bench.folder, 'incoming', '2013-01.parquet'), await month('01'));
      expect((await bench.register(['incoming/2013-01.parquet'])).files).toMatchObject([{ path: '2013-01.parquet' }]);
    });

    it('refuses half a Parquet file by name, and records nothing', async () => {
      await bench.addMonths(['01', '02']);
      const whole = await readFile(join(bench.folder, 'data', 'flights', '2013-02.parquet'));
      await writeFile(join(bench.folder, 'data', 'flights', '2013-02.parquet'), whole.subarray(0, whole.length / 2));
      await expect(bench.register()).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: expect.stringMatching(/^flights\/2013-02\.parquet cannot be read: /),
      });
      expect(await bench.datasets.list({ project: 'flights', dataset: 'flights', limit: 10 })).toEqual([]);
      expect(await typesOf()).toEqual(['project.applied']);
    });

    it.each([
      [
        'an undeclared dataset',
        { files: ['data/flights/2013-01.parquet'], dataset: 'flihgts' },
        'Did you mean flights?',
      ],
      ['a file that is not there', { files: ['data/flights/none.parquet'] }, ''],
      ['a file outside the project', { files: ['/etc/hostname'] }, 'Copy the file'],
      ['a link out of the project', { files: ['data/flights/out.parquet'] }, 'Copy the file'],
      ['a file of another format', { files: ['data/flights/x.csv'] }, 'Rename the file'],
      [
        'two files of one name',
        { files: ['data/flights/2013-01.parquet', 'incoming/2013-01.parquet'] },
        'a name of its own',
      ],
    ])('refuses %s', async (_, { files, dataset }: { files: string[]; dataset?: string }, hint) => {
      await bench.addMonths(['01']);
      await mkdir(join(bench.folder, 'incoming'));
      await writeFile(join(bench.folder, 'incoming', '2013-01.parquet'), '');
      await writeFile(join(bench.folder, 'data', 'flights', 'x.csv'), 'a\n1\n');
      await symlink('/etc/hostname', join(bench.folder, 'data', 'flights', 'out.parquet'));
      const error: unknown = await bench
        .register(files, dataset === undefined ? {} : { dataset })
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({
        code: 'INVALID_ARGUMENT',
        ...(hint !== '' && { hint: expect.stringContaining(hint) }),
      });
      expect(await bench.datasets.list({ project: 'flights', dataset: 'flights', limit: 10 })).toEqual([]);
    });

    it.each(['../x.parquet', '/x.parquet', 'a//x.parquet', './x.parquet', 'a\\x.parquet', ''])(
      'refuses the name %j',
      async (path) => {
        await bench.addMonths(['01']);
        const source = join(bench.folder, 'data', 'flights', '2013-01.parquet');
        const asked = bench.datasets.registerFiles({
          project: 'flights',
          dataset: 'other',
          files: [{ path, source }],
          origin: 'predictions',
          cause,
        });
        await expect(asked).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
      },
    );
  });

  describe('listing', () => {
    it('pages through versions, by status and by number', async () => {
      for (const month of ['01', '02', '03']) await bench.accepted([month]);
      const query = { project: 'flights', dataset: 'flights' };
      const [third, second] = await bench.datasets.list({ ...query, limit: 2 });
      expect([third?.number, second?.number]).toEqual([3, 2]);
      expect(await bench.datasets.list({ ...query, limit: 2, before: 2 })).toMatchObject([{ number: 1 }]);
      expect(await bench.datasets.list({ ...query, limit: 9, number: 2 })).toMatchObject([{ number: 2 }]);
      expect(await bench.datasets.list({ ...query, limit: 9, status: 'quarantined' })).toEqual([]);
      await expect(bench.datasets.list({ ...query, project: 'none', limit: 9 })).rejects.toMatchObject({
        code: 'NOT_FOUND',
      });
    });

    it('summarises what is declared and what is there', async () => {
      await bench.accepted(['01']);
      await bench.declare('  airlines: {path: data/airlines.csv}');
      expect(await bench.datasets.summaries('flights')).toMatchObject([
        { name: 'airlines', path: 'data/airlines.csv', versionCount: 0, newest: null, accepted: null },
        { name: 'flights', path: null, versionCount: 1, newest: { number: 1 }, accepted: { number: 1 } },
      ]);
    });
  });
});

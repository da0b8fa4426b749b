import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ParamValue } from '#kernel/pipeline-definition';
import { readDataFile, writeDataFile, type DataFile } from '../index.ts';
import { pythonJson } from '../text/python-json.ts';
import { readJson, type Values } from '../text/value-files.ts';
import { readLongYaml } from '../text/yaml-text.ts';

const vectors = readJson(
  readFileSync(new URL('../golden/data-files.json', import.meta.url), 'utf8'),
  'data-files',
) as readonly Values[];
const MD5 = 'd8e8fca2dc0f896fd7cb4cb0031ba249';

function withoutNote(value: ParamValue): ParamValue {
  return new Map([...(value as Values)].filter(([key]) => key !== 'meta'));
}

describe('a .dvc file that dvc reads', () => {
  it.each(vectors.map((each) => [each.get('text') as string, each.get('written') as Values] as const))(
    'is written as dvc writes it: %j',
    (text, written) => {
      const after = writeDataFile(readDataFile(text, 'x.dvc'), text);
      const value = readLongYaml(after.replace('    when: 2024-01-02\n', ''), 'x.dvc').value;
      expect(pythonJson(withoutNote(value))).toBe(pythonJson(written));
      // What was written is stable.
      expect(writeDataFile(readDataFile(after, 'x.dvc'), after)).toBe(after);
    },
  );
});

describe('a .dvc file', () => {
  const added: DataFile = {
    outputs: [
      {
        path: 'd',
        md5: `${MD5}.dir`,
        scheme: 'md5',
        sizeBytes: 2,
        fileCount: 1,
        isCached: true,
        isPersistent: false,
        isPushed: true,
      },
    ],
    dependencies: [],
    isFrozen: false,
    workingDirectory: '.',
  };

  it('that is new has its keys in the order of dvc', () => {
    expect(writeDataFile(added)).toBe(`outs:\n- md5: ${MD5}.dir\n  size: 2\n  nfiles: 1\n  hash: md5\n  path: d\n`);
    const imported: DataFile = {
      ...added,
      isFrozen: true,
      dependencies: [
        {
          path: 'd',
          scheme: 'md5',
          repo: { url: '/tmp/tmp.AtsAuVyz4V', revLock: '324e0bc7a5fdd463ff906b7fffe653497aa33254' },
        },
      ],
      outputs: added.outputs.map((output) => ({ ...output, md5: '45b1eb2ff8072c35f82255c3c22c1ae9.dir' })),
    };
    // As `dvc import` wrote it.
    expect(writeDataFile(imported)).toBe(
      'md5: 62063e329b597e09df1afd4aa9d3f374\nfrozen: true\ndeps:\n- path: d\n  repo:\n    url: /tmp/tmp.AtsAuVyz4V\n' +
        '    rev_lock: 324e0bc7a5fdd463ff906b7fffe653497aa33254\nouts:\n- md5: 45b1eb2ff8072c35f82255c3c22c1ae9.dir\n' +
        '  size: 2\n  nfiles: 1\n  hash: md5\n  path: d\n',
    );
  });

  it('keeps comments, notes and their places when its content changes', () => {
    const before =
      `# who made it\nouts:\n- md5: ${MD5} # old\n  size: 5\n  path: d\n  desc: pictures # mine\n  labels: [a, b]\n` +
      `  version_id: v1\n  meta:\n    since: 2024-01-02\nmeta: {owner: me} # end\n`;
    expect(writeDataFile(added, before)).toBe(
      `# who made it\nouts:\n- md5: ${MD5}.dir # old\n  size: 2\n  path: d\n  desc: pictures # mine\n  labels: [ a, b ]\n` +
        `  meta:\n    since: 2024-01-02\n  nfiles: 1\n  hash: md5\nmeta: { owner: me } # end\n`,
    );
  });

  it('of DVC 2 stays one as long as it is said to be', () => {
    const text = `outs:\n- md5: ${MD5}\n  size: 5\n  path: old\n`;
    const file = readDataFile(text, 'old.dvc');
    expect(file.outputs[0]).toMatchObject({ scheme: 'md5-dos2unix', md5: MD5, sizeBytes: 5 });
    expect(writeDataFile(file, text)).toBe(text);
  });

  it('marks versions that the storage keeps, and keeps what it says of them', () => {
    const text = `outs:\n- md5: ${MD5}\n  hash: md5\n  path: a\n  cloud:\n    r:\n      etag: e\n      version_id: v\n`;
    const file = readDataFile(text, 'a.dvc');
    expect(file.outputs[0]?.isCloudVersioned).toBe(true);
    expect(writeDataFile(file, text)).toBe(text);
  });

  it.each([
    ['outz: []', 'x.dvc:1:1', 'Did you mean outs?'],
    ['outs:\n- path: a\n  mdf: 1', 'x.dvc:3:3', 'Did you mean md5?'],
    ['outs:\n- md5: ../../../etc/passwd\n  path: a', 'x.dvc:2:3', undefined],
    ['outs:\n- md5: abc\n  path: a', 'x.dvc:2:3', undefined],
    [`outs:\n- md5: ${MD5}`, 'x.dvc:2:3', undefined],
    ['outs:\n- path: ""', 'x.dvc:2:3', undefined],
    ['outs:\n- path: a\n  size: -1', 'x.dvc:3:3', undefined],
    ['outs:\n- path: a\n  size: 1.5', 'x.dvc:3:3', undefined],
    ['outs:\n- path: a\n  hash: sha256', 'x.dvc:3:3', undefined],
    ['outs: a', 'x.dvc:1:1', undefined],
    ['deps:\n- path: a\n  repo: {rev: x}', 'x.dvc:3:3', undefined],
    ['deps:\n- path: a\n  repo: {url: u, revlock: x}', 'x.dvc:3:18', 'Did you mean rev_lock?'],
    ['frozen: yes', 'x.dvc:1:1', undefined],
    ['cmd: x\nouts: []', 'x.dvc:1:1', 'Move the stage to dvc.yaml.'],
    ['outs:\n- [', 'x.dvc:3:1', undefined],
  ])('is refused with its place: %j', (text, field, hint) => {
    let failure: unknown;
    try {
      readDataFile(`${text}\n`, 'x.dvc');
    } catch (error) {
      failure = error;
    }
    expect(failure).toMatchObject({ code: 'INVALID_ARGUMENT', field, ...(hint && { hint }) });
  });

  it('reads back what was written, whatever the names', () => {
    const digest = fc.stringMatching(/^[0-9a-f]{32}$/);
    const text = fc.string({ unit: 'grapheme', minLength: 1 }).filter((each) => !each.includes('\0'));
    const output = fc.record(
      {
        path: text,
        md5: digest,
        scheme: fc.constantFrom('md5' as const, 'md5-dos2unix' as const),
        sizeBytes: fc.nat(),
        isCached: fc.boolean(),
        isPersistent: fc.boolean(),
        isPushed: fc.boolean(),
        remote: text,
      },
      { requiredKeys: ['path', 'md5', 'scheme', 'isCached', 'isPersistent', 'isPushed'] },
    );
    fc.assert(
      fc.property(
        fc.uniqueArray(output, { selector: (each) => each.path, maxLength: 3 }),
        text,
        (outputs, description) => {
          const file = { outputs, dependencies: [], isFrozen: false, workingDirectory: '.', description };
          expect(readDataFile(writeDataFile(file), 'x.dvc')).toEqual(file);
        },
      ),
    );
  });
});

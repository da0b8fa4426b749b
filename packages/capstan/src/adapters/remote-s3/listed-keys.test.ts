import { expect, test } from 'vitest';
import { readListedKeys } from './listed-keys.ts';

const page = (inside: string) =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="x">${inside}</ListBucketResult>`;

test('keys of a page, and where the next one begins', () => {
  const contents =
    '<Contents><Key>a&amp;b/&#x1F600;&lt;</Key><Size>1</Size></Contents><Contents><Key>c</Key></Contents>';
  expect(readListedKeys(page(`<IsTruncated>false</IsTruncated>${contents}`))).toEqual({
    keys: ['a&b/\u{1F600}<', 'c'],
    next: undefined,
  });
  const more = '<IsTruncated>true</IsTruncated><NextContinuationToken>t&amp;1</NextContinuationToken>';
  expect(readListedKeys(page(more))).toEqual({ keys: [], next: 't&1' });
});

test('what is no whole page is left to others', () => {
  expect(readListedKeys('<html></html>')).toBeUndefined();
  expect(readListedKeys(page('<Key>a</Key>').slice(0, -5))).toBeUndefined();
  expect(readListedKeys(page('<IsTruncated>true</IsTruncated>'))).toBeUndefined();
});

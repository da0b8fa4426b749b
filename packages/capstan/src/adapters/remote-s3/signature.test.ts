import { expect, test } from 'vitest';
import { createSigner, escapePath, queryText } from './signature.ts';

// The example of the S3 documentation ("Signature Calculations for the Authorization Header", Get Bucket (List Objects)).
test('a call is signed as the documentation signs it', () => {
  const who = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' };
  const query = queryText({ prefix: 'J', 'max-keys': '2', 'continuation-token': undefined });
  const call = { method: 'GET', host: 'examplebucket.s3.amazonaws.com', path: '/', query, body: undefined };
  const headers = createSigner('us-east-1')(call, who, new Date('2013-05-24T00:00:00Z'));
  expect(headers['authorization']).toMatch(
    /Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7$/,
  );
});

test('another secret, day or region gives another signature, also by the same signer', () => {
  const call = { method: 'GET', host: 'h', path: '/', query: '', body: undefined };
  const sign = createSigner('us-east-1');
  const by = (secretAccessKey: string, day: string, signer = sign): string =>
    signer(call, { accessKeyId: 'a', secretAccessKey }, new Date(`${day}T00:00:00Z`))['authorization'] ?? '';
  const all = [by('x', '2026-01-01'), by('y', '2026-01-01'), by('x', '2026-01-02')];
  all.push(by('x', '2026-01-01', createSigner('eu-west-1')));
  expect(new Set(all.map((each) => each.split('Signature=')[1])).size).toBe(4);
  expect(by('x', '2026-01-01')).toBe(all[0]);
});

test('keys are escaped as S3 signs them', () => {
  expect(escapePath("a/b c+(d)*'é~_-.")).toBe('a/b%20c%2B%28d%29%2A%27%C3%A9~_-.');
});

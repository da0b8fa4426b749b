import { describe, expect, test } from 'vitest';
import { guardBrowserBorne } from './guard.ts';

const PORT = 5050;

function guard(host: string | undefined, allowedHosts: readonly string[] = [], headers: object = {}, method = 'GET') {
  return () => guardBrowserBorne({ method, headers: { host, ...headers }, listeningPort: PORT }, { allowedHosts });
}

describe('Host', () => {
  test.each([
    ['localhost:5050', []],
    ['LocalHost:5050', []],
    ['127.0.0.1:5050', []],
    ['127.8.9.1:5050', []],
    ['[::1]:5050', []],
    ['ml.example.org', ['ml.example.org']],
    ['ML.example.org:8443', ['ml.example.org']],
    ['ml.example.org', ['ML.example.org:443']],
    ['ml.example.org:8443', ['other.example', 'ml.example.org:8443']],
    ['localhost:8080', ['localhost:8080']],
    ['[::1]:8080', ['[::1]']],
  ])('%s is ours, with %j allowed', (host, allowed) => {
    expect(guard(host, allowed)).not.toThrow();
  });

  test.each([
    [undefined, []],
    ['', []],
    ['localhost', []],
    ['localhost:3000', []],
    ['127.0.0.1:5051', []],
    ['[::1]:1', []],
    ['localhost:5050.evil.example', []],
    ['localhost:5050@evil.example', []],
    ['127.0.0.1.evil.example:5050', []],
    ['evil.example:5050', ['ml.example.org']],
    ['evil.example', ['https://evil.example']],
    ['localhost:3000', ['localhost:8080']],
    ['ml.example.org:8443', ['ml.example.org:443']],
    ['ml.example.org', ['ml.example.org:8443']],
  ])('%s is not, with %j allowed', (host, allowed) => {
    expect(guard(host, allowed)).toThrow(expect.objectContaining({ code: 'PERMISSION_DENIED', field: 'Host' }));
  });

  test('the refusal names the setting with the port', () => {
    expect(guard('localhost:8080')).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('--allowed-hosts localhost:8080') }),
    );
  });

  test('one that was let through lets in no other, nor by another port', () => {
    const policy = { allowedHosts: ['ml.example.org:8443'] };
    const call = (host: string, listeningPort: number | undefined) => () =>
      guardBrowserBorne({ method: 'GET', headers: { host }, listeningPort }, policy);
    expect(call('localhost:5050', PORT)).not.toThrow();
    expect(call('evil.example:5050', PORT)).toThrow();
    expect(call('localhost:5050', PORT)).not.toThrow();
    expect(call('localhost:5050', 5051)).toThrow();
    expect(call('localhost:5050', undefined)).toThrow();
    expect(call('ml.example.org:8443', PORT)).not.toThrow();
  });

  test('a port of a connection that is gone is nobody’s', () => {
    const call = { method: 'GET', headers: { host: 'localhost:5050' }, listeningPort: undefined };
    expect(() => guardBrowserBorne(call, { allowedHosts: [] })).toThrow();
  });
});

describe('Origin of a call that changes something', () => {
  test.each(['http://localhost:3000', 'http://localhost', 'http://127.0.0.1:5050', 'https://evil.example', 'null'])(
    '%s is foreign to localhost:5050',
    (origin) => {
      expect(guard('localhost:5050', [], { origin }, 'DELETE')).toThrow(expect.objectContaining({ field: 'Origin' }));
      expect(guard('localhost:5050', ['localhost', 'evil.example'], { origin }, 'POST')).toThrow();
    },
  );

  test('a page that this server gave may', () => {
    expect(guard('localhost:5050', [], { origin: 'http://localhost:5050' }, 'POST')).not.toThrow();
    expect(guard('ml.example.org', ['ml.example.org'], { origin: 'https://ml.example.org' }, 'POST')).not.toThrow();
  });
});

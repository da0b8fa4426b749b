import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { describeOutboundHttp } from '#ports/outbound-http.contract';
import { canonicalAddress, isPublicAddress } from './addresses.ts';
import { createOutboundSockets, type OutboundPolicy } from './index.ts';

const careful: OutboundPolicy = { schemes: ['https', 'http'], canReachPrivate: false, allowedTargets: [] };

describeOutboundHttp('sockets', ({ allowedTargets }) =>
  createOutboundSockets({ ...careful, schemes: ['https'], allowedTargets }),
);

describe('addresses', () => {
  test.each([
    '8.8.8.8',
    '1.1.1.1',
    '172.32.0.1',
    '100.128.0.1',
    '2606:4700::1111',
    '2a00:1450:4001:800::200e',
    '::ffff:8.8.8.8',
    '64:ff9b::808:808',
    '2002:808:808::1',
  ])('%s is public', (address) => expect(isPublicAddress(address)).toBe(true));

  test.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.8.8.8',
    '169.254.169.254',
    '172.16.0.1',
    '192.0.0.170',
    '192.168.1.1',
    '198.19.0.1',
    '203.0.113.9',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::127.0.0.1',
    '::ffff:10.0.0.1',
    '::ffff:6440:1',
    '::ffff:0:127.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b::6440:1',
    '64:ff9b:1::808:808',
    '100::1',
    '2001:0:7f00:1::1',
    '2001:0:808:808::80ff:fffe',
    '2001:db8::1',
    '2001:2::1',
    '2002:7f00:1::',
    '2002:a9fe:a9fe::1',
    '2a00:1450::5efe:10.0.0.1',
    '3fff::1',
    '5f00::1',
    'fc00::1',
    'fd12:3456::1',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
    'localhost',
    '',
  ])('%s is not', (address) => expect(isPublicAddress(address)).toBe(false));

  test('a mapped peer is the same address', () => {
    expect(canonicalAddress('::ffff:127.0.0.1')).toBe('127.0.0.1');
    expect(canonicalAddress('2001:DB8:0::1')).toBe(canonicalAddress('2001:db8::1'));
  });
});

describe('a trap on loopback', () => {
  const traps: Server[] = [];
  let hits = 0;
  let port = 0;

  beforeAll(async () => {
    for (const host of ['127.0.0.1', '::1']) {
      const trap = createServer((_, response) => {
        hits += 1;
        response.end('secret');
      });
      trap.on('connection', () => (hits += 1));
      traps.push(trap);
      await new Promise<void>((listening) => trap.listen(port, host, listening));
      port = (trap.address() as AddressInfo).port;
    }
  });
  beforeEach(() => (hits = 0));
  afterAll(() => {
    for (const trap of traps) trap.close();
  });

  const request = (url: string) =>
    ({ url, method: 'POST', headers: {}, timeoutMs: 2_000, largestReplyBytes: 100 }) as const;
  const places: Readonly<Record<string, readonly string[]>> = {
    localhost: ['127.0.0.1'],
    'localhost.': ['127.0.0.1'],
    'ip6-localhost': ['::1'],
    '127.0.0.1.nip.example': ['127.0.0.1'],
    'mixed.example': ['8.8.8.8', '127.0.0.1'],
    'mapped.example': ['::ffff:127.0.0.1'],
    'nat64.example': ['64:ff9b::7f00:1'],
    'private.example': ['10.0.0.1', '::1'],
    'xn--bcher-kva.example': ['127.0.0.1'],
  };
  const resolve = async (host: string) => places[host] ?? [];

  test.each([
    'http://127.0.0.1:PORT/',
    'http://127.1:PORT/',
    'http://127.0.1:PORT/',
    'http://2130706433:PORT/',
    'http://0x7f000001:PORT/',
    'http://0x7f.0.0.1:PORT/',
    'http://0177.0.0.1:PORT/',
    'http://017700000001:PORT/',
    'http://127.000.000.001:PORT/',
    'http://127.0.0.1.:PORT/',
    'http://127.8.9.10:PORT/',
    'http://0.0.0.0:PORT/',
    'http://0:PORT/',
    'http://１２７.０.０.１:PORT/',
    'http://①②⑦.⓪.⓪.①:PORT/',
    'http://127。0。0。1:PORT/',
    'http://%31%32%37.0.0.1:PORT/',
    'http://127.0.\t0.1:PORT/',
    'http:127.0.0.1:PORT/',
    'http:/127.0.0.1:PORT/',
    'http:\\\\127.0.0.1:PORT/',
    'http://127.0.0.1:PORT\\@example.org/',
    'http://example.org@127.0.0.1:PORT/',
    'HTTP://LOCALHOST:PORT/',
    'http://localhost.:PORT/',
    'http://[::1]:PORT/',
    'http://[0:0:0:0:0:0:0:1]:PORT/',
    'http://[::]:PORT/',
    'http://[::127.0.0.1]:PORT/',
    'http://[::ffff:127.0.0.1]:PORT/',
    'http://[::ffff:7f00:1]:PORT/',
    'http://[::ffff:0:7f00:1]:PORT/',
    'http://[64:ff9b::7f00:1]:PORT/',
    'http://[2002:7f00:1::]:PORT/',
    'http://[2001:0:7f00:1::]:PORT/',
    'http://[2001:0:808:808::80ff:fffe]:PORT/',
    'http://ip6-localhost:PORT/',
    'http://127.0.0.1.nip.example:PORT/',
    'http://mixed.example:PORT/',
    'http://mapped.example:PORT/',
    'http://nat64.example:PORT/',
    'http://private.example:PORT/',
    'http://bücher.example:PORT/',
    'https://127.0.0.1:PORT/',
    'ftp://127.0.0.1:PORT/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    '//127.0.0.1:PORT/',
    '127.0.0.1:PORT',
    ' ',
    '',
  ])('%s does not reach it', async (spelling) => {
    const http = createOutboundSockets({ ...careful, resolve });
    const url = spelling.replace('PORT', String(port));
    await expect(http.check(url)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(http.send(request(url))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(hits).toBe(0);
  });

  test('a name that was public when it was checked and leads inside later does not reach it', async () => {
    const answers = [['8.8.8.8'], ['127.0.0.1'], ['::1']];
    const http = createOutboundSockets({ ...careful, resolve: async () => answers.shift() ?? [] });
    await http.check(`http://flips.example:${port}/`);
    for (let calls = 0; calls < 2; calls++) {
      await expect(http.send(request(`http://flips.example:${port}/`))).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
      });
    }
    expect(hits).toBe(0);
  });

  test('a name is looked up once for a call: there is no second answer to be led by', async () => {
    let asked = 0;
    const http = createOutboundSockets({
      ...careful,
      canReachPrivate: true,
      resolve: async () => {
        asked += 1;
        return ['127.0.0.1'];
      },
    });
    const reply = await http.send(request(`http://once.example:${port}/`));
    expect([String(reply.body), asked]).toEqual(['secret', 1]);
  });

  test('only what an operator lists is reached: host and port both', async () => {
    const allowedTargets = [`127.0.0.1:${port}`];
    const http = createOutboundSockets({ ...careful, schemes: ['https'], allowedTargets });
    expect((await http.send(request(`http://127.0.0.1:${port}/`))).status).toBe(200);
    for (const other of [`http://127.0.0.1:${port + 1}/`, `http://127.0.0.2:${port}/`, `http://[::1]:${port}/`]) {
      await expect(http.check(other)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    }
  });

  test('a name that cannot be found is a mistake when checked, and may pass when called', async () => {
    const http = createOutboundSockets({ ...careful, resolve: () => Promise.reject(new Error('ENOTFOUND')) });
    await expect(http.check('http://no.example/')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(http.send(request('http://no.example/'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});

import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { OutboundHttp, OutboundRequest } from './outbound-http.ts';

interface Reach {
  /** `HOST:PORT` that may be reached although it is private. */
  readonly allowedTargets: readonly string[];
}

/** What every way out keeps, over a server on loopback that the policy lets it reach. */
export function describeOutboundHttp(name: string, make: (reach: Reach) => OutboundHttp): void {
  describe(`outbound HTTP contract: ${name}`, () => {
    const servers: Server[] = [];
    afterEach(() => {
      for (const server of servers.splice(0)) {
        server.closeAllConnections();
        server.close();
      }
    });

    async function start(answer: RequestListener): Promise<{ target: string; heard: IncomingMessage[] }> {
      const heard: IncomingMessage[] = [];
      const server = createServer((request, response) => {
        heard.push(request);
        answer(request, response);
      });
      servers.push(server);
      await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
      return { target: `127.0.0.1:${(server.address() as AddressInfo).port}`, heard };
    }

    const request = (target: string, changes: Partial<OutboundRequest> = {}): OutboundRequest => ({
      url: `http://${target}/hook?a=1`,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"ä":1}',
      timeoutMs: 5_000,
      largestReplyBytes: 100,
      ...changes,
    });

    it('sends exactly the headers it is given, and tells status, headers and body', async () => {
      let body = '';
      const { target, heard } = await start((incoming, response) => {
        incoming.on('data', (chunk) => (body += String(chunk)));
        incoming.on('end', () => response.writeHead(202, { 'Retry-After': '7' }).end('thanks'));
      });
      const reply = await make({ allowedTargets: [target] }).send(request(target));
      expect({ ...reply, body: String(reply.body) }).toMatchObject({ status: 202, body: 'thanks' });
      expect(reply.headers['retry-after']).toBe('7');
      expect(body).toBe('{"ä":1}');
      expect(heard[0]?.url).toBe('/hook?a=1');
      expect(heard[0]?.headers).toEqual({
        host: target,
        connection: 'close',
        'content-type': 'application/json',
        'content-length': '8',
      });
    });

    it('takes a redirect as an answer and goes nowhere', async () => {
      const trap = await start((_, response) => response.end('secret'));
      const { target } = await start((_, response) =>
        response.writeHead(302, { location: `http://${trap.target}/` }).end(),
      );
      const reply = await make({ allowedTargets: [target, trap.target] }).send(request(target));
      expect(reply.status).toBe(302);
      expect(trap.heard).toHaveLength(0);
    });

    it('reads no more of an answer than asked for', async () => {
      const { target } = await start((_, response) => {
        response.write('x'.repeat(1_000_000));
      });
      const reply = await make({ allowedTargets: [target] }).send(request(target));
      expect(String(reply.body)).toBe('x'.repeat(100));
    });

    it.each([
      ['never answers', () => {}],
      ['never ends its answer', (_, response) => void response.writeHead(200).write('x')],
    ] as [string, RequestListener][])('gives up on a target that %s', async (_, answer) => {
      const { target } = await start(answer);
      const sending = make({ allowedTargets: [target] }).send(request(target, { timeoutMs: 100 }));
      await expect(sending).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    });

    it('says that a target cannot be reached, or broke off', async () => {
      const { target } = await start((incoming) => incoming.socket.destroy());
      const http = make({ allowedTargets: [target, '127.0.0.1:1'] });
      await expect(http.send(request(target))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      await expect(http.send(request('127.0.0.1:1'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    });

    it('stops when it is told to', async () => {
      const { target } = await start(() => {});
      const hungUp = new AbortController();
      const sending = make({ allowedTargets: [target] }).send(request(target, { signal: hungUp.signal }));
      setTimeout(() => hungUp.abort(new Error('the server stops')), 50);
      await expect(sending).rejects.toThrow('the server stops');
    });
  });
}

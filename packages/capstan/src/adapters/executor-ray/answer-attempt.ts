import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { z } from 'zod';
import { messageOf } from '#kernel/errors';
import { BUILD_SCRIPT } from '#kernel/python-environment';
import type { ExecutionResult, ExecutionSpec } from '#ports/executor';
import { readRequirements, REQUIREMENTS_FILE } from '#ports/python-requirements';
import { receiveOutputs } from './bring-back.ts';
import type { LiveAttempt } from './live-attempt.ts';
import { bodyOf, jsonOf, LARGEST_CHUNK_BYTES, Refusal, type Call } from './listener.ts';

const SMALL_BYTES = 1024 * 1024;
const CANNOT_RUN = 126;

const beginMessage = z.object({ machine: z.string().min(1).max(200) });
const filesMessage = z.object({ digests: z.array(z.string()).max(10_000) });
const endMessage = z.object({
  outcome: z.enum(['succeeded', 'failed', 'timed-out', 'cancelled']),
  exitCode: z.int().nullable(),
  signal: z.string().max(20).nullable(),
  durationMs: z.number().min(0),
  cpuMs: z.number().min(0).nullable(),
  peakMemoryBytes: z.number().min(0).nullable(),
});

function read<T>(schema: z.ZodType<T>, message: unknown): T {
  const parsed = schema.safeParse(message);
  if (parsed.success) return parsed.data;
  throw new Refusal(400, 'The body is not what is said in this call');
}

/**
 * Answers a node about an attempt that counts. What it sends is believed of that attempt alone.
 * @throws Refusal
 */
export async function answerAttempt(attempt: LiveAttempt, call: Call): Promise<unknown> {
  attempt.heard();
  switch (call.verb) {
    case 'begin': {
      attempt.begin(read(beginMessage, await jsonOf(call.request)).machine);
      return await orderOf(attempt);
    }
    case 'beat':
      await jsonOf(call.request);
      return await attempt.beat();
    case 'files':
      await sendFiles(attempt, read(filesMessage, await jsonOf(call.request)).digests, call.response);
      return undefined;
    case 'log':
      await takeLog(attempt, call);
      return {};
    case 'outputs': {
      const { files } = attempt.spec;
      if (!files) throw new Refusal(400, 'Nothing was carried, so nothing comes back');
      const message = await jsonOf(call.request);
      attempt.outputs?.discard();
      attempt.outputs = await receiveOutputs(message, files);
      return {};
    }
    case 'content': {
      if (!attempt.outputs) throw new Refusal(409, 'List the outputs first');
      const from = Number(call.query.get('from'));
      await attempt.outputs.receive(heardWhile(attempt, call.request), from, Number(call.query.get('count')));
      return {};
    }
    case 'end':
      return await end(attempt, read(endMessage, await jsonOf(call.request)));
    case 'lost':
      await jsonOf(call.request);
      attempt.lose();
      return {};
    default:
      throw new Refusal(404, 'No such call');
  }
}

async function orderOf({ spec, carried }: LiveAttempt): Promise<object> {
  return {
    command: spec.command,
    cwd: spec.cwd,
    env: spec.env,
    timeoutMs: Number.isFinite(spec.timeoutMs) ? spec.timeoutMs : null,
    graceMs: Number.isFinite(spec.graceMs) ? spec.graceMs : Number.MAX_SAFE_INTEGER,
    python: await pythonOf(spec),
    files:
      spec.files && carried ? { root: spec.files.root, writes: spec.files.writes, entries: carried.entries } : null,
  };
}

/** What a node that lacks the environment of VIRTUAL_ENV makes it from. That it cannot be read counts there alone. */
async function pythonOf({ python, files }: ExecutionSpec): Promise<object | null> {
  if (!python || !files) return null;
  const order = { main: python === 'bare' ? null : REQUIREMENTS_FILE, script: BUILD_SCRIPT, problem: null };
  try {
    const read = python === 'bare' ? new Map<string, string>() : await readRequirements(files.root);
    return read ? { ...order, files: Object.fromEntries(read) } : null;
  } catch (error) {
    return { ...order, files: {}, problem: messageOf(error) };
  }
}

/** The bytes of all of them, one after the other, as the node asked. */
async function sendFiles(attempt: LiveAttempt, digests: readonly string[], response: ServerResponse): Promise<void> {
  const places = digests.map((digest) => {
    const place = attempt.carried?.places.get(digest);
    if (!place) throw new Refusal(400, `The command has no file ${digest}`);
    return place;
  });
  response.writeHead(200, { 'content-type': 'application/octet-stream' });
  for (const { file, size } of places) {
    let sent = 0;
    try {
      for await (const chunk of chunksOf(file, size)) {
        sent += chunk.length;
        attempt.heard();
        if (response.destroyed) return;
        if (!response.write(chunk)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
      }
    } catch (error) {
      await refuseChanged(attempt, `${file} cannot be carried: ${messageOf(error)}`);
      throw error;
    }
    if (sent === size) continue;
    await refuseChanged(attempt, `${file} changed while it was carried; run it again`);
    throw new Refusal(410, 'A file has changed');
  }
  response.end();
}

async function* chunksOf(file: string, size: number): AsyncGenerator<Buffer> {
  if (size <= SMALL_BYTES) yield await readFile(file);
  else yield* createReadStream(file, { highWaterMark: SMALL_BYTES }) as AsyncIterable<Buffer>;
}

async function refuseChanged(attempt: LiveAttempt, reason: string): Promise<void> {
  await attempt.say(reason);
  attempt.settle(failure());
}

const failure = (): ExecutionResult => ({
  outcome: 'failed',
  exitCode: CANNOT_RUN,
  signal: null,
  durationMs: 0,
  cpuMs: null,
  peakMemoryBytes: null,
});

async function takeLog(attempt: LiveAttempt, call: Call): Promise<void> {
  const offset = Number(call.query.get('offset'));
  if (!Number.isInteger(offset) || offset < 0) throw new Refusal(400, 'Where does it go?');
  const bytes = await bodyOf(call.request, LARGEST_CHUNK_BYTES);
  try {
    await attempt.appendLog(offset, bytes);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    // As on this machine, where a full disk ends the command that writes.
    attempt.settle(failure());
    throw new Refusal(507, `The log cannot be written: ${messageOf(error)}`);
  }
}

async function* heardWhile(attempt: LiveAttempt, request: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of request) {
    attempt.heard();
    yield chunk;
  }
}

/** Outputs are put in place before it is told that the command succeeded, and only while the attempt counts. */
async function end(attempt: LiveAttempt, result: ExecutionResult): Promise<object> {
  if (attempt.isAccepting) throw new Refusal(410, 'It has been told');
  attempt.isAccepting = true;
  if (result.outcome === 'succeeded' && attempt.outputs) {
    try {
      await attempt.outputs.accept();
    } catch (error) {
      await attempt.say(`what the command left could not be put in place: ${messageOf(error)}`);
      attempt.settle({ ...result, outcome: 'failed', exitCode: CANNOT_RUN });
      return {};
    }
  }
  attempt.settle(result);
  return {};
}

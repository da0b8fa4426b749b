import type { RawReply, RawRequest } from '#http';
import type { Cause } from '#kernel/cause';
import { DomainError } from '#kernel/errors';
import { decodeMessage, decodeQuery } from './decode.ts';
import type { Field, Message, MessageOf } from './fields.ts';
import { hasLongList, jsonReply, jsonReplyInTurns } from './json-reply.ts';
import { parseJson } from './parse-json.ts';

export type Handler = (request: RawRequest) => Promise<RawReply>;

/** A call whose request is a message in the body or, for GET, in the query, and whose answer is one too. */
export function call<const Fields extends Readonly<Record<string, Field>>>(
  spec: Message<Fields>,
  handle: (
    message: MessageOf<Fields>,
    context: { readonly cause: Cause; readonly request: RawRequest },
  ) => Promise<object>,
): Handler {
  return async (request) => {
    const isQuery = request.method === 'GET' || request.method === 'HEAD';
    const message = isQuery ? decodeQuery(spec, request.query) : decodeMessage(spec, bodyOf(request));
    const reply = await handle(message, { cause: request.cause, request });
    return hasLongList(reply) ? await jsonReplyInTurns(reply) : jsonReply(reply);
  };
}

/** Only what a form on a foreign page cannot send: JSON that says so, or a DELETE, which some clients send bare. */
function bodyOf(request: RawRequest): unknown {
  if (request.method === 'DELETE' && request.bytes.length === 0) return {};
  const type = String(request.headers['content-type'] ?? '')
    .split(';')[0]
    ?.trim()
    .toLowerCase();
  if (type !== 'application/json') {
    throw new DomainError('UNSUPPORTED_MEDIA_TYPE', "Bad Request. Content-Type must be one of ['application/json'].", {
      field: 'Content-Type',
    });
  }
  return parseJson(request.bytes);
}

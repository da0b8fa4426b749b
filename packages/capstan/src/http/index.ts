// HTTP for both planes: routes from the table only, deny by default, errors in each protocol's own shape.
// Owns Fastify, limits, Host and Origin checks, OpenAPI, draining. Does not know any module: app.ts passes bound routes.
// Called by app.ts; modules use `bind` and `bindRaw` in their routes.ts.
export { authorize, identifyLocal, type Called, type Grant, type Identify, type Principal } from './authorize.ts';
export {
  bind,
  bindDirect,
  bindRaw,
  type Admit,
  type BoundRoute,
  type HeldReply,
  type RawReply,
  type RawRequest,
  type RequestContext,
} from './bind.ts';
export { accessLine, type AccessFacts, type CallNotes } from './access-log.ts';
export { shareOfFiles } from './bound-connections.ts';
export { BytesInHand } from './bytes-in-hand.ts';
export { attachmentReply, framedReply, type StoredFile } from './file-reply.ts';
export { guardBrowserBorne } from './guard.ts';
export { mediaOf } from './media-of.ts';
export { mediaTypeOf } from './media-type.ts';
export { createHttpServer, type HttpServer, type HttpServerOptions } from './server.ts';
export { problemRenderer, type ErrorRenderer } from './problem.ts';
export { openApiDocument } from './openapi.ts';
export { escapeHtml, pageStyle, referencePage } from './reference-page.ts';
export { createPortKeeper, listenAgain, type SharesPort } from './shared-port.ts';
export { staticFiles } from './static-files.ts';
export { inertHeaders, securityHeaders } from './security-headers.ts';
export { eventStream, type ServerSentEvent } from './event-stream.ts';

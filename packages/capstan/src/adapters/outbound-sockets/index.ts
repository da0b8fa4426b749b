// Calls machines outside over sockets of its own: look up once, check every address, connect to one that was checked.
// Owns what counts as inside (addresses.ts) and the time and size limits of a call. Keeps no connection, follows no
// redirect, reads no proxy setting and sends no credential. Built by app.ts; used by webhooks.
export { createOutboundSockets, type OutboundPolicy } from './create-outbound-sockets.ts';

// A DVC remote behind an HTTP server: read by GET, asked by HEAD, written by POST or the method that is set. It cannot list.
export { openHttpRemote } from './http-remote.ts';

declare module 'virtual:calls' {
  /** Of every route of the native API; made when the interface is built. */
  const calls: import('@capstan/client/calls').Calls;
  export default calls;
}

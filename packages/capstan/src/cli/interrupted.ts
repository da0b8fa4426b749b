/** Ctrl-C, where a command ends by itself so that nothing is left half done. */
export class Interrupted extends Error {}

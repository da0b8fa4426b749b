import { system } from './system.ts';

/** Every route of the control plane. A server that lacks a handler for one of them does not compile. */
export const routes = { system };

// Runs commands on this machine, each in its own session and process group, and leaves no process of it behind.
// Owns processes and what they used; knows nothing of stages, leases or retries, and does not read what they print.
// Built by app.ts; called by pipelines for stage attempts. Needs /bin/sh: not for Windows.
export { createExecutorLocal } from './create-executor-local.ts';

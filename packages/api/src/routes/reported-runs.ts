import { z } from 'zod';
import { pipelineRunSummary } from '../pipeline-run.ts';
import { reportedFact, reportedRun } from '../reported-run.ts';
import { defineRoute } from '../route.ts';
import { nothing } from '../shapes.ts';

const MOST_FACTS = 500;
/** Bytes of a log in one call. */
const PIECE_BYTES = 1_048_576;

/** Runs of pipelines in checkouts, told by those who run them. Every call may be made again, and has one effect. */
export const reportedRuns = {
  begin: defineRoute({
    name: 'reportedRuns.begin',
    method: 'POST',
    path: '/api/v1/reported-runs',
    summary: 'Begins a run that a checkout tells of, with its stages; the same id again gives the same run',
    permission: 'write',
    bodyLimitBytes: 16_000_000,
    audit: 'pipeline-run.report',
    params: nothing,
    query: nothing,
    body: reportedRun,
    reply: z.strictObject({
      run: pipelineRunSummary,
      /** Number of the fact to go on with. */
      next: z.int(),
    }),
    errors: ['INVALID_ARGUMENT', 'CONFLICT'],
  }),
  report: defineRoute({
    name: 'reportedRuns.report',
    method: 'POST',
    path: '/api/v1/reported-runs/:run/facts',
    summary:
      'Tells what happened in a run, all of it or nothing; facts that are known are passed over, none is a sign of life',
    permission: 'write',
    bodyLimitBytes: 16_000_000,
    audit: 'none',
    params: z.strictObject({ run: z.string().max(64) }),
    query: nothing,
    body: z.strictObject({
      /** Number of the first of them: they are counted from 0. */
      from: z.int().min(0),
      facts: z.array(reportedFact).max(MOST_FACTS),
    }),
    reply: z.strictObject({ next: z.int() }),
    errors: ['INVALID_ARGUMENT', 'NOT_FOUND', 'CONFLICT'],
  }),
  appendLog: defineRoute({
    name: 'reportedRuns.appendLog',
    method: 'POST',
    path: '/api/v1/stage-attempts/:attempt/log',
    summary: 'Adds what a stage printed, at an offset; bytes that are known are passed over, none asks how many are',
    permission: 'write',
    bodyLimitBytes: 1_500_000,
    audit: 'none',
    params: z.strictObject({ attempt: z.string().max(64) }),
    query: nothing,
    body: z.strictObject({
      offset: z.int().min(0),
      bytes: z.base64().max(Math.ceil(PIECE_BYTES / 3) * 4),
    }),
    reply: z.strictObject({ sizeBytes: z.int() }),
    errors: ['INVALID_ARGUMENT', 'NOT_FOUND', 'CONFLICT', 'RESOURCE_EXHAUSTED'],
  }),
};

import { z } from 'zod';
import { timestamp } from './shapes.ts';

/** `alarm`: drifted, or not shown to be better than the baseline. `unknown`: it could not be judged, and the reason says why. */
export const monitorVerdict = z.enum(['healthy', 'alarm', 'unknown']);
export type MonitorVerdict = z.infer<typeof monitorVerdict>;

export const alertKind = z.enum(['drift', 'decay']);
export type AlertKind = z.infer<typeof alertKind>;

/** One column of a window against the training data. */
export const columnDrift = z.strictObject({
  column: z.string(),
  test: z.enum(['kolmogorov-smirnov', 'chi-square']),
  /** Jensen–Shannon distance (base 2), 0 to 1. */
  effect: z.number(),
  pValue: z.number(),
  /** By Benjamini–Hochberg over the columns of the window. */
  adjusted: z.number(),
  rows: z.int(),
  referenceRows: z.int(),
  verdict: z.enum(['steady', 'drifted']),
});

/** Realised loss of the window, in nats (log loss) or squared probability (Brier). */
export const windowPerformance = z.strictObject({
  labels: z.int(),
  /** Share of the window's answers whose outcome is known. */
  coverage: z.number(),
  modelLoss: z.number().nullable(),
  baselineLoss: z.number().nullable(),
  /** What the baseline says to every example: the share of positives known before the window. */
  baselineProbability: z.number().nullable(),
  /** Model less baseline on the same examples, with its 95 % limits; below 0 is better. */
  difference: z
    .strictObject({ mean: z.number(), lower: z.number().nullable(), upper: z.number().nullable() })
    .nullable(),
});

export const monitorWindow = z.strictObject({
  /** Event time, included. */
  from: timestamp,
  /** Event time, not included. */
  before: timestamp,
  verdict: monitorVerdict,
  reason: z.string(),
  /** Answers in it; labelled ones where performance is watched. */
  n: z.int(),
  judgedAt: timestamp,
  /** Revision whose training data it was compared with, or that was champion when it was judged; null before the first. */
  revision: z.int().nullable(),
  modelVersion: z.int().nullable(),
  /** Largest effect first; empty where performance is watched. */
  columns: z.array(columnDrift),
  performance: windowPerformance.nullable(),
  /** Number of the fact that says it. */
  eventSeq: z.int(),
});
export type MonitorWindow = z.infer<typeof monitorWindow>;

export const monitorAlert = z.strictObject({
  id: z.string(),
  monitor: z.string(),
  kind: alertKind,
  reason: z.string(),
  /** Window that raised it, event time. */
  from: timestamp,
  before: timestamp,
  raisedAt: timestamp,
  /** Null while it stands. */
  resolvedAt: timestamp.nullable(),
  resolution: z.string().nullable(),
  eventSeq: z.int(),
});
export type MonitorAlert = z.infer<typeof monitorAlert>;

export const monitorSummary = z.strictObject({
  name: z.string(),
  project: z.string(),
  deployment: z.string(),
  watch: z.enum(['features', 'performance']),
  /** What it is compared with, in words. */
  against: z.string(),
  windowMs: z.int(),
  /** What raises an alert, in words. */
  limit: z.string(),
  /** Of the newest window; `unknown` before the first. */
  verdict: monitorVerdict,
  reason: z.string(),
  newest: monitorWindow.omit({ columns: true }).nullable(),
  alert: monitorAlert.nullable(),
  /** Windows judged so far. */
  windows: z.int(),
});
export type MonitorSummary = z.infer<typeof monitorSummary>;

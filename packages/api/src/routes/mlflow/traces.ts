import { ask, change, core, read, type MlflowCall } from './call.ts';

const core3 = '/3.0/mlflow';
/** Previews, tags, metadata and assessments of one trace. */
const TRACE_LIMIT_BYTES = 8_000_000;
const assessments = `${core3}/traces/:trace_id/assessments`;

export const traceCalls = {
  startTraceV3: change('POST', `${core3}/traces`, 'trace.log', 'MLflow: store what a trace is like', {
    bodyLimitBytes: TRACE_LIMIT_BYTES,
  }),
  searchTracesV3: ask(`${core3}/traces/search`, 'MLflow: search traces'),
  getTrace: read(`${core3}/traces/get`, 'MLflow: a trace with its spans'),
  getTraceInfoV3: read(`${core3}/traces/:trace_id`, 'MLflow: a trace without its spans'),
  batchGetTraces: read(`${core3}/traces/batchGet`, 'MLflow: traces with their spans'),
  batchGetTraceInfos: ask(`${core3}/traces/batchGetInfos`, 'MLflow: traces without their spans'),
  setTraceTag: change('PATCH', `${core}/traces/:trace_id/tags`, 'trace.tag', 'MLflow: tag a trace'),
  setTraceTagV3: change('PATCH', `${core3}/traces/:trace_id/tags`, 'trace.tag', 'MLflow: tag a trace'),
  deleteTraceTag: change('DELETE', `${core}/traces/:trace_id/tags`, 'trace.tag', 'MLflow: remove a tag of a trace'),
  deleteTraceTagV3: change('DELETE', `${core3}/traces/:trace_id/tags`, 'trace.tag', 'MLflow: remove a tag of a trace'),
  deleteTraces: change('POST', `${core}/traces/delete-traces`, 'trace.delete', 'MLflow: delete traces'),
  deleteTracesV3: change('POST', `${core3}/traces/delete-traces`, 'trace.delete', 'MLflow: delete traces'),
  linkTracesToRun: change('POST', `${core}/traces/link-to-run`, 'trace.link', 'MLflow: link traces to a run'),
  linkPromptsToTrace: change('POST', `${core}/traces/link-prompts`, 'trace.link', 'MLflow: link prompts to a trace'),
  correlateFilters: ask(
    `${core3}/traces/calculate-filter-correlation`,
    'MLflow: how much two filters have to do with each other',
  ),
  queryTraceMetrics: ask(`${core3}/traces/metrics`, 'MLflow: counts and percentiles of traces, spans and assessments'),
  getTraceArtifact: read(`${core}/get-trace-artifact`, 'MLflow: spans of a trace as a file', { at: 'ajax' }),
  getTraceArtifactV3: read(`${core3}/get-trace-artifact`, 'MLflow: spans of a trace as a file', { at: 'ajax' }),

  startTrace: change('POST', `${core}/traces`, 'trace.log', 'MLflow: begin a trace, for old clients', {
    bodyLimitBytes: TRACE_LIMIT_BYTES,
  }),
  endTrace: change('PATCH', `${core}/traces/:trace_id`, 'trace.log', 'MLflow: end a trace, for old clients', {
    bodyLimitBytes: TRACE_LIMIT_BYTES,
  }),
  getTraceInfo: read(`${core}/traces/:trace_id/info`, 'MLflow: a trace, for old clients'),
  searchTraces: read(`${core}/traces`, 'MLflow: search traces, for old clients'),

  createAssessment: change('POST', assessments, 'trace.assess', 'MLflow: assess a trace'),
  getAssessment: read(`${assessments}/:assessment_id`, 'MLflow: an assessment'),
  updateAssessment: change('PATCH', `${assessments}/:assessment_id`, 'trace.assess', 'MLflow: change an assessment'),
  deleteAssessment: change('DELETE', `${assessments}/:assessment_id`, 'trace.assess', 'MLflow: remove an assessment'),
} as const satisfies Record<string, MlflowCall>;

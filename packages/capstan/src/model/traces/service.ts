import { assessmentUseCases, type AssessmentUseCases } from './assessments/assessments.ts';
import type { TracesDeps } from './deps.ts';
import { traceFileUseCases, type TraceFileUseCases } from './files.ts';
import { importTraceUseCases, type ImportTraceUseCases } from './importing/import-traces.ts';
import { readUseCases, type ReadUseCases } from './read-traces.ts';
import { searchUseCases, type SearchUseCases } from './search/search-traces.ts';
import { logSpansUseCases, type LogSpansUseCases } from './spans/log-spans.ts';
import { traceUseCases, type TraceUseCases } from './traces.ts';

/** Every use case of the module. Each is one transaction; reads see what has been committed. */
export interface Traces
  extends
    TraceUseCases,
    LogSpansUseCases,
    ReadUseCases,
    SearchUseCases,
    AssessmentUseCases,
    TraceFileUseCases,
    ImportTraceUseCases {}

export function createTraces(deps: TracesDeps): Traces {
  return {
    ...traceUseCases(deps),
    ...logSpansUseCases(deps),
    ...readUseCases(deps),
    ...searchUseCases(deps),
    ...assessmentUseCases(deps),
    ...traceFileUseCases(deps),
    ...importTraceUseCases(deps),
  };
}

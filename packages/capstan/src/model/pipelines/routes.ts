import { routes } from '@capstan/api';
import { bind, type BoundRoute } from '#http';
import type { ReportedRuns } from './reported/report-run.ts';
import type { Pipelines } from './service.ts';

export function pipelineRoutes(pipelines: Pipelines, reportedRuns: ReportedRuns): BoundRoute[] {
  const table = routes.pipelines;
  const reported = routes.reportedRuns;
  return [
    bind(table.start, ({ params, body }, { cause }) => pipelines.start({ project: params.project, ...body, cause })),
    bind(table.list, ({ query }) => pipelines.list(query)),
    bind(table.get, ({ params }) => pipelines.get(params.run)),
    bind(table.retry, ({ params, body }, { cause }) => pipelines.retry({ run: params.run, ...body, cause })),
    bind(table.cancel, ({ params }, { cause }) => pipelines.cancel(params.run, cause)),
    bind(table.attemptLog, ({ params, query }) => pipelines.attemptLog(params.attempt, query)),
    bind(table.environmentLog, ({ params, query }) => pipelines.environmentLog(params.run, query)),
    bind(reported.begin, ({ body }, { cause }) => reportedRuns.begin(body, cause)),
    bind(reported.report, ({ params, body }, { cause }) => reportedRuns.report(params.run, body, cause)),
    bind(reported.appendLog, ({ params, body }) =>
      reportedRuns.appendLog(params.attempt, body.offset, Buffer.from(body.bytes, 'base64')),
    ),
  ];
}

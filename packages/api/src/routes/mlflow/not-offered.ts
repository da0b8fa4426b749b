// Calls of MLflow 3.17 that Capstan does not answer, and what to use instead.

export interface NotOffered {
  readonly area: string;
  /** Behind `/api` and `/ajax-api` (`/graphql` behind nothing), with all below them. */
  readonly paths: readonly string[];
  /** One sentence or two for whoever called. */
  readonly instead: string;
}

export const notOfferedByCapstan: readonly NotOffered[] = [
  {
    area: 'AI gateway',
    paths: ['/3.0/mlflow/gateway/'],
    instead: 'This server has no AI gateway: call the provider of the model, or run a gateway beside it.',
  },
  {
    area: "Work that MLflow's own server does in Python",
    paths: [
      '/3.0/jobs',
      '/3.0/mlflow/jobs/',
      '/3.0/mlflow/prompt-optimization/',
      '/3.0/mlflow/genai/evaluate/',
      '/3.0/mlflow/scorer/invoke',
      '/3.0/mlflow/scorers/online-config',
      '/3.0/mlflow/issues/invoke',
    ],
    instead:
      'This server runs no scorers and no prompts: run mlflow.genai.evaluate or mlflow.genai.optimize_prompts where your code runs; what they log is kept here.',
  },
  {
    area: 'Issues',
    paths: ['/3.0/mlflow/issues'],
    instead: 'Say what is wrong with a trace by mlflow.log_feedback, and find it by its name in a search of traces.',
  },
  {
    area: 'Label schemas and review queues',
    paths: ['/3.0/mlflow/label-schemas/', '/3.0/mlflow/review-queues/'],
    instead: 'Keep what people say of a trace by mlflow.log_feedback and mlflow.log_expectation.',
  },
  {
    area: 'Users, roles and permissions',
    paths: [
      '/2.0/mlflow/users/',
      '/3.0/mlflow/users/',
      '/3.0/mlflow/roles/',
      '/2.0/mlflow/experiments/permissions/',
      '/2.0/mlflow/registered-models/permissions/',
      '/3.0/mlflow/scorers/permissions/',
    ],
    instead:
      'This server has no users of its own: it answers on its own machine only, and whoever reaches it may do everything. For others put a proxy with a login before it.',
  },
  {
    area: 'Workspaces',
    paths: ['/3.0/mlflow/workspaces'],
    instead: 'There is one workspace: keep things apart by experiments, or by servers.',
  },
  {
    area: 'MCP servers',
    paths: ['/3.0/mlflow/mcp-servers'],
    instead: 'This server keeps no list of MCP servers: keep it with the code that uses them.',
  },
  {
    area: 'GraphQL',
    paths: ['/graphql'],
    instead:
      'Use /api/2.0/mlflow/runs/get, runs/search, experiments/get, experiments/search-datasets, model-versions/search, ' +
      "metrics/get-history-bulk-interval or artifacts/list: it is for MLflow's own pages, and all that it answers has such a call.",
  },
  {
    area: "MLflow's own pages",
    paths: [
      '/3.0/mlflow/demo/',
      '/3.0/mlflow/ui-telemetry',
      '/3.0/mlflow/assistant',
      '/2.0/mlflow/runs/create-promptlab-run',
    ],
    instead: 'Capstan has pages of its own, at /.',
  },
  {
    area: 'Managed MLflow only',
    paths: ['/2.0/mlflow/get-online-trace-details', '/2.0/mlflow/unified-traces'],
    instead: "MLflow's own server does not answer it either: use POST /api/3.0/mlflow/traces/search.",
  },
  {
    area: 'A path misspelt in MLflow',
    paths: ['/2.0mlflow/'],
    instead: 'Use POST /ajax-api/2.0/mlflow/experiments/search-datasets.',
  },
];

/** Why a path of MLflow is not answered; undefined where no call of MLflow has it. */
export function notOfferedAt(path: string): NotOffered | undefined {
  const bare = path.replace(/^\/(?:ajax-)?api(?=\/)/, '');
  return notOfferedByCapstan.find(({ paths }) =>
    paths.some((start) => bare === start || bare.startsWith(start.endsWith('/') ? start : `${start}/`)),
  );
}

import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { ScreenFailure } from '../screens/screen-failure.tsx';
import { preloadRuns } from '../screens/experiments/runs-query.ts';
import { Home } from '../screens/home/home.tsx';
import { NotFound } from '../screens/not-found.tsx';
import { alone, inList, inPartOfProject, inProject } from './crumbs.tsx';
import {
  artifactSearch,
  auditSearch,
  compareSearch,
  datasetVersionSearch,
  evaluationDatasetSearch,
  evaluationDatasetsSearch,
  runsSearch,
  tabSearch,
  traceSearch,
  tracesSearch,
  valueSearch,
} from './search.ts';
import { Shell } from './shell.tsx';

// Every screen but the first is loaded when it is asked for, or pointed at.

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound, errorComponent: ScreenFailure });
const getParentRoute = () => root;

const design = [
  createRoute({ getParentRoute, path: '/', component: Home, staticData: { crumbs: alone('Overview') } }),
  createRoute({
    getParentRoute,
    path: '/projects',
    component: lazyRouteComponent(() => import('../screens/projects/projects.tsx'), 'Projects'),
    staticData: { crumbs: alone('Projects') },
  }),
  createRoute({
    getParentRoute,
    path: '/projects/$project',
    component: lazyRouteComponent(() => import('../screens/projects/project.tsx'), 'Project'),
    staticData: { crumbs: inProject() },
  }),
] as const;

const data = [
  createRoute({
    getParentRoute,
    path: '/projects/$project/datasets',
    component: lazyRouteComponent(() => import('../screens/datasets/datasets.tsx'), 'Datasets'),
    staticData: { crumbs: inProject('Datasets') },
  }),
  createRoute({
    getParentRoute,
    path: '/projects/$project/datasets/$dataset',
    validateSearch: tabSearch,
    component: lazyRouteComponent(() => import('../screens/datasets/dataset.tsx'), 'Dataset'),
    staticData: {
      crumbs: (params) => [...inProject()(params).slice(0, 1), ...datasetCrumbs(params)],
    },
  }),
  createRoute({
    getParentRoute,
    path: '/projects/$project/features',
    component: lazyRouteComponent(() => import('../screens/features/feature-views.tsx'), 'FeatureViews'),
    staticData: { crumbs: inProject('Features') },
  }),
  createRoute({
    getParentRoute,
    path: '/projects/$project/features/$view',
    component: lazyRouteComponent(() => import('../screens/features/feature-view.tsx'), 'FeatureView'),
    staticData: { crumbs: inPartOfProject('Features', 'features', 'view') },
  }),
  createRoute({
    getParentRoute,
    path: '/dataset-versions/$version',
    validateSearch: datasetVersionSearch,
    component: lazyRouteComponent(() => import('../screens/datasets/dataset-version.tsx'), 'DatasetVersion'),
    staticData: { crumbs: alone('Dataset version') },
  }),
] as const;

const model = [
  createRoute({
    getParentRoute,
    path: '/experiments',
    component: lazyRouteComponent(() => import('../screens/experiments/experiments.tsx'), 'Experiments'),
    staticData: { crumbs: alone('Experiments') },
  }),
  createRoute({
    getParentRoute,
    path: '/experiments/$experiment',
    validateSearch: runsSearch,
    loaderDeps: ({ search }) => search,
    loader: ({ params, deps, cause }) => {
      if (cause === 'enter') preloadRuns(params.experiment, deps);
    },
    component: lazyRouteComponent(() => import('../screens/experiments/experiment.tsx'), 'Experiment'),
    staticData: { crumbs: inList('Experiments', '/experiments', () => 'Runs') },
  }),
  createRoute({
    getParentRoute,
    path: '/experiments/$experiment/compare',
    validateSearch: compareSearch,
    component: lazyRouteComponent(() => import('../screens/experiments/compare/compare.tsx'), 'Compare'),
    staticData: {
      crumbs: ({ experiment = '' }) => [
        { label: 'Experiments', href: '/experiments' },
        { label: 'Runs', href: `/experiments/${encodeURIComponent(experiment)}` },
        { label: 'Compare' },
      ],
    },
  }),
  createRoute({
    getParentRoute,
    path: '/experiments/$experiment/traces',
    validateSearch: tracesSearch,
    component: lazyRouteComponent(() => import('../screens/traces/traces.tsx'), 'Traces'),
    staticData: {
      crumbs: ({ experiment = '' }) => [
        { label: 'Experiments', href: '/experiments' },
        { label: 'Runs', href: `/experiments/${encodeURIComponent(experiment)}` },
        { label: 'Traces' },
      ],
    },
  }),
  createRoute({
    getParentRoute,
    path: '/traces/$trace',
    validateSearch: traceSearch,
    component: lazyRouteComponent(() => import('../screens/traces/trace.tsx'), 'Trace'),
    staticData: { crumbs: inList('Experiments', '/experiments', () => 'Trace') },
  }),
  createRoute({
    getParentRoute,
    path: '/evaluation-datasets',
    validateSearch: evaluationDatasetsSearch,
    component: lazyRouteComponent(() => import('../screens/evaluations/datasets.tsx'), 'EvaluationDatasets'),
    staticData: { crumbs: alone('Evaluation datasets') },
  }),
  createRoute({
    getParentRoute,
    path: '/evaluation-datasets/$dataset',
    validateSearch: evaluationDatasetSearch,
    component: lazyRouteComponent(() => import('../screens/evaluations/dataset.tsx'), 'EvaluationDataset'),
    staticData: { crumbs: inList('Evaluation datasets', '/evaluation-datasets', () => 'Dataset') },
  }),
  createRoute({
    getParentRoute,
    path: '/runs/$run',
    validateSearch: artifactSearch,
    component: lazyRouteComponent(() => import('../screens/experiments/run.tsx'), 'Run'),
    staticData: { crumbs: inList('Experiments', '/experiments', () => 'Run') },
  }),
  createRoute({
    getParentRoute,
    path: '/projects/$project/pipeline-runs',
    component: lazyRouteComponent(() => import('../screens/pipelines/pipeline-runs.tsx'), 'PipelineRuns'),
    staticData: { crumbs: inProject('Pipeline runs') },
  }),
  createRoute({
    getParentRoute,
    path: '/pipeline-runs',
    component: lazyRouteComponent(() => import('../screens/pipelines/pipeline-runs.tsx'), 'AllPipelineRuns'),
    staticData: { crumbs: alone('Pipeline runs') },
  }),
  createRoute({
    getParentRoute,
    path: '/pipeline-runs/$run',
    component: lazyRouteComponent(() => import('../screens/pipelines/pipeline-run.tsx'), 'PipelineRun'),
    staticData: { crumbs: inList('Pipeline runs', '/pipeline-runs', () => 'Pipeline run') },
  }),
  createRoute({
    getParentRoute,
    path: '/projects/$project/sweeps',
    component: lazyRouteComponent(() => import('../screens/sweeps/sweeps.tsx'), 'Sweeps'),
    staticData: { crumbs: inProject('Sweeps') },
  }),
  createRoute({
    getParentRoute,
    path: '/sweeps/$sweep',
    component: lazyRouteComponent(() => import('../screens/sweeps/sweep.tsx'), 'Sweep'),
    staticData: { crumbs: alone('Sweep') },
  }),
  createRoute({
    getParentRoute,
    path: '/models',
    validateSearch: tabSearch,
    component: lazyRouteComponent(() => import('../screens/registry/models.tsx'), 'Models'),
    staticData: { crumbs: alone('Models') },
  }),
  createRoute({
    getParentRoute,
    path: '/models/$model',
    component: lazyRouteComponent(() => import('../screens/registry/model.tsx'), 'Model'),
    staticData: { crumbs: inList('Models', '/models', (params) => params['model'] ?? '') },
  }),
  createRoute({
    getParentRoute,
    path: '/models/$model/versions/$version',
    component: lazyRouteComponent(() => import('../screens/registry/model-version.tsx'), 'ModelVersion'),
    staticData: {
      crumbs: ({ model: name = '', version = '' }) => [
        { label: 'Models', href: '/models' },
        { label: name, href: `/models/${encodeURIComponent(name)}` },
        { label: `Version ${version}` },
      ],
    },
  }),
  createRoute({
    getParentRoute,
    path: '/verdicts/$verdict',
    component: lazyRouteComponent(() => import('../screens/gates/verdict.tsx'), 'Verdict'),
    staticData: { crumbs: alone('Verdict') },
  }),
] as const;

const operations = [
  createRoute({
    getParentRoute,
    path: '/consumers',
    component: lazyRouteComponent(() => import('../screens/consumers/consumers.tsx'), 'Consumers'),
    staticData: { crumbs: alone('Consumers') },
  }),
  createRoute({
    getParentRoute,
    path: '/consumers/$consumer',
    component: lazyRouteComponent(() => import('../screens/consumers/consumer.tsx'), 'Consumer'),
    staticData: { crumbs: inList('Consumers', '/consumers', (params) => params['consumer'] ?? '') },
  }),
  createRoute({
    getParentRoute,
    path: '/webhooks',
    component: lazyRouteComponent(() => import('../screens/webhooks/webhooks.tsx'), 'Webhooks'),
    staticData: { crumbs: alone('Webhooks') },
  }),
  createRoute({
    getParentRoute,
    path: '/webhooks/$webhook',
    component: lazyRouteComponent(() => import('../screens/webhooks/webhook.tsx'), 'Webhook'),
    staticData: { crumbs: inList('Webhooks', '/webhooks', (params) => params['webhook'] ?? '') },
  }),
  createRoute({
    getParentRoute,
    path: '/deployments',
    component: lazyRouteComponent(() => import('../screens/deployments/deployments.tsx'), 'Deployments'),
    staticData: { crumbs: alone('Deployments') },
  }),
  createRoute({
    getParentRoute,
    path: '/deployments/$deployment',
    validateSearch: tabSearch,
    component: lazyRouteComponent(() => import('../screens/deployments/deployment.tsx'), 'Deployment'),
    staticData: { crumbs: inList('Deployments', '/deployments', (params) => params['deployment'] ?? '') },
  }),
  createRoute({
    getParentRoute,
    path: '/rollouts/$rollout',
    component: lazyRouteComponent(() => import('../screens/deployments/rollout.tsx'), 'Rollout'),
    staticData: { crumbs: inList('Deployments', '/deployments', () => 'Rollout') },
  }),
  createRoute({
    getParentRoute,
    path: '/predictions/$prediction',
    component: lazyRouteComponent(() => import('../screens/predictions/prediction.tsx'), 'Prediction'),
    staticData: { crumbs: inList('Deployments', '/deployments', () => 'Prediction') },
  }),
  createRoute({
    getParentRoute,
    path: '/projects/$project/monitors',
    component: lazyRouteComponent(() => import('../screens/monitors/monitors.tsx'), 'Monitors'),
    staticData: { crumbs: inProject('Monitors') },
  }),
  createRoute({
    getParentRoute,
    path: '/projects/$project/monitors/$monitor',
    component: lazyRouteComponent(() => import('../screens/monitors/monitor.tsx'), 'Monitor'),
    staticData: { crumbs: inPartOfProject('Monitors', 'monitors', 'monitor') },
  }),
  createRoute({
    getParentRoute,
    path: '/projects/$project/cycles',
    component: lazyRouteComponent(() => import('../screens/cycles/cycles.tsx'), 'Cycles'),
    staticData: { crumbs: inProject('Cycles') },
  }),
  createRoute({
    getParentRoute,
    path: '/projects/$project/cycles/$cycle',
    component: lazyRouteComponent(() => import('../screens/cycles/cycle.tsx'), 'Cycle'),
    staticData: { crumbs: inPartOfProject('Cycles', 'cycles', 'cycle') },
  }),
] as const;

const ledger = [
  createRoute({
    getParentRoute,
    path: '/projects/$project/value',
    validateSearch: valueSearch,
    component: lazyRouteComponent(() => import('../screens/value/value.tsx'), 'Value'),
    staticData: { crumbs: inProject('Value') },
  }),
  createRoute({
    getParentRoute,
    path: '/projects/$project/debt',
    component: lazyRouteComponent(() => import('../screens/debt/debt.tsx'), 'Debt'),
    staticData: { crumbs: inProject('Debt') },
  }),
  createRoute({
    getParentRoute,
    path: '/trash',
    component: lazyRouteComponent(() => import('../screens/trash/trash.tsx'), 'Trash'),
    staticData: { crumbs: alone('Trash') },
  }),
  createRoute({
    getParentRoute,
    path: '/audit',
    validateSearch: auditSearch,
    component: lazyRouteComponent(() => import('../screens/audit/audit.tsx'), 'Audit'),
    staticData: { crumbs: alone('Audit') },
  }),
] as const;

function datasetCrumbs({ project = '', dataset = '' }: Readonly<Record<string, string>>) {
  const place = `/projects/${encodeURIComponent(project)}`;
  return [{ label: project, href: place }, { label: 'Datasets', href: `${place}/datasets` }, { label: dataset }];
}

export const router = createRouter({
  routeTree: root.addChildren([...design, ...data, ...model, ...operations, ...ledger]),
  defaultPreload: 'intent',
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}

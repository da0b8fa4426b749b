import type { MonitorAlert, MonitorSummary, MonitorWindow } from '@capstan/api';
import type { Cause } from '#kernel/cause';
import { conflict, notFound } from '#kernel/errors';
import { nearest } from '#kernel/nearest';
import type { MonitorsDeps } from './deps.ts';
import { againstText, limitText, watchesOf, type Watch } from './model.ts';
import * as store from './store.ts';
import { watchProject } from './watch.ts';

export interface Monitors {
  /** Declared watches in their order. @throws DomainError NOT_FOUND */
  list(project: string): Promise<MonitorSummary[]>;
  /** One with its newest windows, oldest first, and alerts, newest first. @throws DomainError NOT_FOUND */
  get(
    project: string,
    monitor: string,
    windows: number,
  ): Promise<MonitorSummary & { items: MonitorWindow[]; alerts: MonitorAlert[] }>;
  /** Alerts that stand, of the declared watches of all projects. */
  standing(): Promise<(MonitorAlert & { readonly project: string })[]>;
  /** See `watchProject`. */
  watch(project: string, cause: Cause): Promise<void>;
  /** The same, asked for by a person. @throws DomainError NOT_FOUND; CONFLICT for a project without monitors */
  check(project: string, cause: Cause): Promise<MonitorSummary[]>;
}

const SHOWN_ALERTS = 50;

export function createMonitors(deps: MonitorsDeps): Monitors {
  const { database, projects } = deps;

  async function declared(project: string): Promise<{ watches: Watch[]; deployment: string }> {
    const { declaration } = await projects.get(project);
    const { deployment } = declaration;
    return { watches: deployment ? watchesOf(declaration) : [], deployment: deployment?.name ?? '' };
  }

  async function summary(project: string, deployment: string, watch: Watch): Promise<MonitorSummary> {
    const { name } = watch;
    const [[newest], [alert], windows] = await Promise.all([
      store.newestWindows(database.read, project, name, 1),
      store.newestAlerts(database.read, project, name, 1),
      store.countWindows(database.read, project, name),
    ]);
    const { columns: _columns, ...shown } = newest ?? { columns: [] };
    return {
      name,
      project,
      deployment,
      watch: watch.watch,
      against: againstText(watch),
      windowMs: watch.window,
      limit: limitText(watch),
      verdict: newest?.verdict ?? 'unknown',
      reason: newest?.reason ?? 'no window has closed yet',
      newest: newest ? (shown as Omit<MonitorWindow, 'columns'>) : null,
      alert: alert?.resolvedAt === null ? alert : null,
      windows,
    };
  }

  async function list(project: string): Promise<MonitorSummary[]> {
    const { watches, deployment } = await declared(project);
    return await Promise.all(watches.map((watch) => summary(project, deployment, watch)));
  }

  return {
    list,
    async standing() {
      const alerts = await store.standingAlerts(database.read);
      if (alerts.length === 0) return [];
      const watched = new Set(
        (await projects.list()).flatMap(({ name, declaration }) =>
          declaration.deployment ? watchesOf(declaration).map((watch) => `${name}/${watch.name}`) : [],
        ),
      );
      return alerts.filter(({ project, monitor }) => watched.has(`${project}/${monitor}`));
    },
    async get(project, monitor, windows) {
      const { watches, deployment } = await declared(project);
      const watch = watches.find(({ name }) => name === monitor);
      if (!watch) throw unknownMonitor(project, monitor, watches);
      return {
        ...(await summary(project, deployment, watch)),
        items: await store.newestWindows(database.read, project, monitor, windows),
        alerts: await store.newestAlerts(database.read, project, monitor, SHOWN_ALERTS),
      };
    },
    watch: (project, cause) => watchProject(deps, project, cause),
    async check(project, cause) {
      const { watches } = await declared(project);
      if (watches.length === 0) {
        throw conflict(`The project '${project}' watches nothing`, {
          field: 'monitors',
          hint: 'Write monitors and a deployment into capstan.yaml and apply it.',
        });
      }
      await watchProject(deps, project, cause);
      return await list(project);
    },
  };
}

function unknownMonitor(project: string, monitor: string, watches: readonly Watch[]) {
  const names = watches.map(({ name }) => name);
  const near = nearest(monitor, names);
  const hint = near ? `Did you mean '${near}'?` : `It has: ${names.join(', ') || 'none'}.`;
  return notFound('monitor', `${project}/${monitor}`, hint);
}

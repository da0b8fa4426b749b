import type { GateVerdict } from '@capstan/api';
import { newestPage } from '#database';
import type { Cause } from '#kernel/cause';
import { notFound } from '#kernel/errors';
import type { Evaluate } from './bench.ts';
import type { GatesDeps } from './deps.ts';
import { evaluate } from './evaluate.ts';
import { countLabels } from './evaluation-rows.ts';
import { featureBenefits, type FeatureBenefit, type FeatureQuestion } from './feature-benefits.ts';
import type { Approval } from './model.ts';
import * as store from './store.ts';
import { trainingRows, type TrainingRows } from './training-rows.ts';

export interface Gates {
  /** See `evaluate`. */
  evaluate(request: Evaluate): Promise<GateVerdict>;
  /** @throws DomainError NOT_FOUND */
  get(id: string): Promise<GateVerdict>;
  find(id: string): Promise<GateVerdict | undefined>;
  /** Newest first. @throws DomainError NOT_FOUND for the version, INVALID_ARGUMENT for a cursor of another list */
  list(query: {
    readonly model: string;
    readonly version: number;
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Promise<{ items: GateVerdict[]; nextCursor?: string }>;
  /** A person answers for a version. @throws DomainError NOT_FOUND */
  approve(approval: Omit<Approval, 'actor' | 'at'>, cause: Cause): Promise<Approval>;
  /** Labelled rows of a dataset version, as models take them, and how many of them are positive. */
  countLabels(project: string, datasetVersionId: string): Promise<{ rows: number; positives: number }>;
  /** See `featureBenefits`. */
  featureBenefits(question: FeatureQuestion): Promise<FeatureBenefit[]>;
  /** See `trainingRows`. */
  trainingRows(project: string, model: string, version: number): Promise<TrainingRows>;
}

export function createGates(deps: GatesDeps): Gates {
  const { database, events, clock } = deps;

  return {
    evaluate: (request) => evaluate(deps, request),
    async get(id) {
      const verdict = await store.findVerdict(database.read, id);
      if (!verdict) throw notFound('verdict', id);
      return verdict;
    },
    find: (id) => store.findVerdict(database.read, id),
    async list({ model, version, limit, cursor }) {
      await deps.registry.getVersion(model, version);
      const question = `verdicts ${model}/${version}`;
      const { rows, ...next } = await newestPage(
        { question, limit, cursor },
        (page) => store.listVerdicts(database.read, { model, version, ...page }),
        (verdict) => [verdict.at, verdict.id],
      );
      return { items: rows, ...next };
    },
    async approve(input, cause) {
      const { model, version } = input;
      await deps.registry.getVersion(model, version);
      const { project } = await deps.registry.getModel(model);
      const approval: Approval = { ...input, actor: cause.actor, at: clock.now() };
      await database.write(async (writer) => {
        await store.insertApproval(writer, approval);
        await events.append(writer, cause, {
          type: 'model-version.approved',
          ...(project !== null && { project }),
          subject: `model-version:${model}/${version}`,
          payload: { model, version, role: approval.role, reason: approval.reason },
        });
      });
      return approval;
    },
    async countLabels(project, datasetVersionId) {
      return await countLabels(deps, project, await deps.datasets.get(datasetVersionId));
    },
    featureBenefits: (question) => featureBenefits(deps, question),
    trainingRows: (project, model, version) => trainingRows(deps, project, model, version),
  };
}

import { z } from 'zod';
import { batchPrediction, batchPredictionRequest, batchPredictionState } from '../batch-prediction.ts';
import { defineRawRoute, defineRoute } from '../route.ts';
import { deploymentName, nothing, pageOf, pageQuery, slug } from '../shapes.ts';

const ofJob = z.strictObject({ batchPrediction: z.string().max(64) });

/** A model over all rows of a dataset version. */
export const batchPredictions = {
  start: defineRoute({
    name: 'batchPredictions.start',
    method: 'POST',
    path: '/api/v1/batch-predictions',
    summary: 'Asks a deployment or a model version all rows of a dataset version, in a process of its own',
    permission: 'execute',
    bodyLimitBytes: 2_000_000,
    audit: 'batch-prediction.start',
    params: nothing,
    query: nothing,
    body: batchPredictionRequest,
    reply: batchPrediction,
    errors: ['INVALID_ARGUMENT', 'NOT_FOUND', 'CONFLICT'],
  }),
  list: defineRoute({
    name: 'batchPredictions.list',
    method: 'GET',
    path: '/api/v1/batch-predictions',
    summary: 'Batch predictions, newest first',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    params: nothing,
    query: pageQuery.extend({
      deployment: deploymentName.optional(),
      project: slug.optional(),
      state: batchPredictionState.optional(),
    }),
    body: nothing,
    reply: pageOf(batchPrediction),
    errors: ['INVALID_ARGUMENT'],
  }),
  get: defineRoute({
    name: 'batchPredictions.get',
    method: 'GET',
    path: '/api/v1/batch-predictions/:batchPrediction',
    summary: 'A batch prediction: how far it is, how fast, what came of it',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    params: ofJob,
    query: nothing,
    body: nothing,
    reply: batchPrediction,
    errors: ['NOT_FOUND'],
  }),
  cancel: defineRoute({
    name: 'batchPredictions.cancel',
    method: 'POST',
    path: '/api/v1/batch-predictions/:batchPrediction/cancel',
    summary: 'Ends a batch prediction; nothing of it stays',
    permission: 'execute',
    bodyLimitBytes: 1_000,
    audit: 'batch-prediction.cancel',
    params: ofJob,
    query: nothing,
    body: nothing,
    reply: batchPrediction,
    errors: ['NOT_FOUND', 'CONFLICT'],
  }),
  result: defineRawRoute({
    name: 'batchPredictions.result',
    method: 'GET',
    path: '/api/v1/batch-predictions/:batchPrediction/result',
    summary: 'The result as a file: Parquet, or CSV where the dataset holds that; one byte range',
    permission: 'read',
    protocol: 'native',
    bodyAs: 'none',
    bodyLimitBytes: 0,
    audit: 'none',
  }),
};

import type { Experiment, Experiments } from '#model/experiments';
import { invalid } from '#kernel/errors';
import { call } from '../wire/call.ts';
import { list, message, string } from '../wire/fields.ts';
import { listed, optional } from '../wire/json-reply.ts';
import { keyValue, page, viewOf, viewType } from '../wire/messages.ts';
import { pageSize, required } from '../wire/require.ts';

const MOST_EXPERIMENTS = 50_000;
const MOST_SEARCHED_FOR_DATASETS = 20;
/** The one that a server without workspaces has. */
const DEFAULT_WORKSPACE = 'default';

const byId = message({ experiment_id: string });
const search = message({ ...page, view_type: viewType });

export function experimentCalls(experiments: Experiments) {
  const searchExperiments = call(search, async ({ filter, max_results, order_by, page_token, view_type }) => {
    const found = await experiments.searchExperiments({
      filter,
      orderBy: order_by,
      view: viewOf(view_type),
      limit: pageSize(max_results, 0, MOST_EXPERIMENTS),
      pageToken: page_token,
    });
    return {
      ...listed('experiments', found.experiments.map(toExperiment)),
      ...optional('next_page_token', found.nextPageToken),
    };
  });

  return {
    createExperiment: call(
      message({ name: string, artifact_location: string, tags: list(keyValue) }),
      async ({ name, artifact_location, tags }, { cause }) => {
        const { id } = await experiments.createExperiment({
          name: required('name', name),
          artifactLocation: artifact_location,
          tags: tags.map((tag) => ({ key: required('key', tag.key), value: tag.value ?? '' })),
          cause,
        });
        return { experiment_id: id };
      },
    ),
    getExperiment: call(byId, async ({ experiment_id }) => ({
      experiment: toExperiment(await experiments.getExperiment(required('experiment_id', experiment_id))),
    })),
    getExperimentByName: call(message({ experiment_name: string }), async ({ experiment_name }) => ({
      experiment: toExperiment(await experiments.getExperimentByName(required('experiment_name', experiment_name))),
    })),
    deleteExperiment: call(byId, async ({ experiment_id }, { cause }) => {
      await experiments.deleteExperiment({ id: required('experiment_id', experiment_id), cause });
      return {};
    }),
    restoreExperiment: call(byId, async ({ experiment_id }, { cause }) => {
      await experiments.restoreExperiment({ id: required('experiment_id', experiment_id), cause });
      return {};
    }),
    updateExperiment: call(
      message({ experiment_id: string, new_name: string }),
      async ({ experiment_id, new_name }, { cause }) => {
        const id = required('experiment_id', experiment_id);
        await experiments.renameExperiment({ id, name: required('new_name', new_name), cause });
        return {};
      },
    ),
    searchExperiments,
    listExperiments: searchExperiments,
    setExperimentTag: call(
      message({ experiment_id: string, key: string, value: string }),
      async ({ experiment_id, key, value }, { cause }) => {
        const tag = { key: required('key', key), value: value ?? '' };
        await experiments.setExperimentTag({ id: required('experiment_id', experiment_id), tag, cause });
        return {};
      },
    ),
    deleteExperimentTag: call(
      message({ experiment_id: string, key: string }),
      async ({ experiment_id, key }, { cause }) => {
        const id = required('experiment_id', experiment_id);
        await experiments.removeExperimentTag({ id, key: required('key', key), cause });
        return {};
      },
    ),
    searchDatasets: call(message({ experiment_ids: list(string) }), async ({ experiment_ids }) => {
      if (experiment_ids.length > MOST_SEARCHED_FOR_DATASETS) {
        throw invalid(
          `SearchDatasets request cannot specify more than ${MOST_SEARCHED_FOR_DATASETS} experiment_ids. Received ${experiment_ids.length} experiment_ids.`,
          { field: 'experiment_ids' },
        );
      }
      if (experiment_ids.length === 0) {
        throw invalid('SearchDatasets request must specify at least one experiment_id.', { field: 'experiment_ids' });
      }
      const summaries = await experiments.datasetSummaries(experiment_ids);
      return listed(
        'dataset_summaries',
        summaries.map(({ experimentId, name, digest, context }) => ({
          experiment_id: experimentId,
          name,
          digest,
          ...optional('context', context || undefined),
        })),
      );
    }),
  };
}

function toExperiment(experiment: Experiment): object {
  return {
    experiment_id: experiment.id,
    name: experiment.name,
    artifact_location: experiment.artifactLocation,
    lifecycle_stage: experiment.lifecycle,
    last_update_time: experiment.updatedAt,
    creation_time: experiment.createdAt,
    ...listed('tags', experiment.tags),
    workspace: DEFAULT_WORKSPACE,
  };
}

import type { Evaluations } from '#model/evaluations';
import { call } from '../wire/call.ts';
import { int32, list, message, string } from '../wire/fields.ts';
import { invalid } from '#kernel/errors';
import { listed } from '../wire/json-reply.ts';
import { required } from '../wire/require.ts';
import { toScorer } from './to-evaluation.ts';

const which = message({ experiment_id: string, name: string, version: int32 });

export function scorerCalls(evaluations: Evaluations) {
  return {
    registerScorer: call(
      message({ experiment_id: string, name: string, serialized_scorer: string }),
      async ({ experiment_id, name, serialized_scorer }, { cause }) => {
        const registered = await evaluations.registerScorer({
          experimentId: required('experiment_id', experiment_id),
          name: required('name', name),
          serialized: required('serialized_scorer', serialized_scorer),
          cause,
        });
        return {
          version: registered.version,
          scorer_id: registered.scorerId,
          experiment_id: registered.experimentId,
          name: registered.name,
          serialized_scorer: registered.serialized,
          creation_time: registered.createdAt,
        };
      },
    ),
    listScorers: call(
      message({ experiment_id: string, experiment_ids: list(string) }),
      async ({ experiment_id, experiment_ids }) => {
        if (experiment_id && experiment_ids.length > 0) {
          throw invalid("Cannot specify both 'experiment_id' and 'experiment_ids'.", { field: 'experiment_ids' });
        }
        const found = experiment_id
          ? await evaluations.listScorers(experiment_id)
          : await evaluations.listScorersOf(experiment_ids.length === 0 ? undefined : experiment_ids);
        return listed('scorers', found.map(toScorer));
      },
    ),
    listScorerVersions: call(which, async ({ experiment_id, name }) => {
      const experimentId = required('experiment_id', experiment_id);
      const found = await evaluations.listScorerVersions({ experimentId, name: required('name', name) });
      return listed('scorers', found.map(toScorer));
    }),
    getScorer: call(which, async ({ experiment_id, name, version }) => {
      const experimentId = required('experiment_id', experiment_id);
      return { scorer: toScorer(await evaluations.getScorer({ experimentId, name: required('name', name), version })) };
    }),
    deleteScorer: call(which, async ({ experiment_id, name, version }, { cause }) => {
      const experimentId = required('experiment_id', experiment_id);
      await evaluations.deleteScorer({ experimentId, name: required('name', name), version, cause });
      return {};
    }),
    // Clients ask after each list: nothing here runs scorers, so none is set to run by itself.
    getOnlineScoringConfigs: call(message({ scorer_ids: list(string) }), async ({ scorer_ids }) => {
      required('scorer_ids', scorer_ids[0]);
      return { configs: [] };
    }),
  };
}

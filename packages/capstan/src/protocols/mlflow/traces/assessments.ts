import type { RawRequest } from '#http';
import type { Traces } from '#model/traces';
import { call } from '../wire/call.ts';
import { message, string } from '../wire/fields.ts';
import { required } from '../wire/require.ts';
import { assessmentMessage, toAssessmentChange, toNewAssessment } from './messages.ts';
import { toAssessment } from './to-trace.ts';
import { traceIn } from './traces.ts';

export function assessmentCalls(traces: Traces) {
  return {
    createAssessment: call(message({ assessment: assessmentMessage }), async ({ assessment }, { request, cause }) => {
      const given = toNewAssessment(required('assessment', assessment));
      const created = await traces.createAssessment({ traceId: traceIn(request), assessment: given, cause });
      return { assessment: toAssessment(created) };
    }),
    getAssessment: call(message({}), async (_, { request }) => ({
      assessment: toAssessment(await traces.getAssessment(traceIn(request), assessmentIn(request))),
    })),
    updateAssessment: call(
      message({ assessment: assessmentMessage, update_mask: string }),
      async ({ assessment, update_mask }, { request, cause }) => {
        const given = required('assessment', assessment);
        const change = toAssessmentChange(given, required('update_mask', update_mask));
        const place = { traceId: traceIn(request), id: assessmentIn(request) };
        return { assessment: toAssessment(await traces.updateAssessment({ ...place, ...change, cause })) };
      },
    ),
    deleteAssessment: call(message({}), async (_, { request, cause }) => {
      await traces.deleteAssessment({ traceId: traceIn(request), id: assessmentIn(request), cause });
      return {};
    }),
  };
}

function assessmentIn(request: RawRequest): string {
  return required('assessment_id', request.params['assessment_id']);
}

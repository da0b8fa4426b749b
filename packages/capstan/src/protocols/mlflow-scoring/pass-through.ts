import type { HeldReply, RawRequest } from '#http';
import { deadlineOf, predictionNotes, type ServingPlane } from '#operations/serving';

/**
 * A request for a Python model goes to it as it came: MLflow's own code reads it there, so that the answer is the one of
 * `mlflow models serve`, errors included.
 */
export async function passThrough(plane: ServingPlane, deployment: string, request: RawRequest): Promise<HeldReply> {
  const header = request.headers['content-type'];
  const contentType = Array.isArray(header) ? header.join() : (header ?? '');
  const { bytes: body, signal } = request;
  const deadline = deadlineOf(request);
  const answer = await plane.score(deployment, { contentType, body, signal, deadline, caller: request });
  const { rows, predictionIds, part } = answer;
  request.note(predictionNotes(deployment, part && { rows, predictionIds, parts: [part] }));
  const { only } = answer.predictionIds;
  return {
    status: answer.status,
    headers: {
      'content-type': answer.contentType,
      ...(only !== undefined && { 'x-capstan-prediction-id': only }),
    },
    body: answer.body,
  };
}

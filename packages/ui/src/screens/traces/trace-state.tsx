import type { TraceSummary } from '../../app/replies.ts';
import { State, type Tone } from '../../design/state.tsx';

const states: Record<TraceSummary['status'], readonly [Tone, string]> = {
  OK: ['success', 'ok'],
  ERROR: ['danger', 'failed'],
  IN_PROGRESS: ['working', 'in progress'],
  STATE_UNSPECIFIED: ['unknown', 'unknown'],
};

/** How a trace ended. */
export function TraceState({ status }: Pick<TraceSummary, 'status'>) {
  const [tone, word] = states[status];
  return <State tone={tone}>{word}</State>;
}

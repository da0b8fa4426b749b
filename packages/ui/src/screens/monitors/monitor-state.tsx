import type { MonitorReply } from '../../app/replies.ts';
import { State, type Tone } from '../../design/state.tsx';

const tones: Readonly<Record<MonitorReply['verdict'], readonly [Tone, string]>> = {
  healthy: ['success', 'healthy'],
  alarm: ['attention', 'alarm'],
  unknown: ['unknown', 'not known'],
};

/** What a window came to. */
export function MonitorState({ verdict }: { verdict: MonitorReply['verdict'] }) {
  const [tone, word] = tones[verdict];
  return <State tone={tone}>{word}</State>;
}

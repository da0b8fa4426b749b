import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../app/api.ts';
import type { PipelineRunReply, Reply } from '../../app/replies.ts';
import { Button } from '../../design/button.tsx';
import { bytes } from '../../design/format.ts';
import { Loaded } from '../../design/loaded.tsx';
import { LogView } from '../../design/log-view.tsx';
import { Quiet, Row, Section } from '../../design/page.tsx';

const TAIL_BYTES = 100_000;
const WHOLE_BYTES = 1_000_000;
const POLL_MS = 1_000;

type Piece = Reply<typeof api.pipelines.attemptLog>;

/** The end of what a stage attempt printed; more of it on demand. */
export function AttemptLog({ attempt, label }: { attempt: string; label: string }) {
  return <Log id={attempt} label={label} read={(query) => api.pipelines.attemptLog({ params: { attempt }, query })} />;
}

/** What building the Python environment printed, while or after it was built for this run. */
export function EnvironmentLog({ run }: { run: PipelineRunReply }) {
  const isShown =
    run.phase === 'environment' ||
    (run.status === 'failed' && run.stages.every((stage) => stage.attempts.length === 0));
  if (!isShown) return null;
  return (
    <Section title="Python environment">
      <Log
        id={`environment ${run.id}`}
        label="Log of building the Python environment"
        read={(query) => api.pipelines.environmentLog({ params: { run: run.id }, query })}
      />
    </Section>
  );
}

function Log(props: {
  id: string;
  label: string;
  read(query: { offset: number; limitBytes: number }): Promise<Piece>;
}) {
  const [wanted, setWanted] = useState(TAIL_BYTES);
  const piece = useQuery({
    queryKey: ['log', props.id, wanted],
    queryFn: () => props.read({ offset: -wanted, limitBytes: wanted }),
    // Lines of a log are no facts: the feed does not tell of them.
    refetchInterval: ({ state }) => (state.data?.isComplete === true ? false : POLL_MS),
  });
  return (
    <Loaded of={piece}>
      {(data) =>
        data.sizeBytes === 0 ? (
          <Quiet>{data.isComplete ? 'It printed nothing.' : 'Nothing printed yet.'}</Quiet>
        ) : (
          <LogView
            label={props.label}
            text={data.text}
            head={
              data.offset > 0 && (
                <Row>
                  <Quiet>{`The last ${bytes(data.nextOffset - data.offset)} of ${bytes(data.sizeBytes)}.`}</Quiet>
                  {wanted < WHOLE_BYTES && <Button onClick={() => setWanted(WHOLE_BYTES)}>Show more</Button>}
                </Row>
              )
            }
          />
        )
      }
    </Loaded>
  );
}

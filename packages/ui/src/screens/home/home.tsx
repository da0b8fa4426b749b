import { useQuery } from '@tanstack/react-query';
import { api } from '../../app/api.ts';
import { CycleRing } from '../../design/cycle-ring.tsx';
import { Columns, Empty, Facts, Failure, Page, Section } from '../../design/page.tsx';
import { Time } from '../../design/time.tsx';

/** What is live, is it healthy, what changed, what needs me. */
export function Home() {
  const status = useQuery({ queryKey: ['status'], queryFn: () => api.system.status({}) });
  if (status.error) {
    return (
      <Page title="Overview">
        <Failure error={status.error} />
      </Page>
    );
  }
  const now = status.data?.now ?? 0;
  return (
    <Page title="Overview">
      <Columns
        aside={
          <Facts
            items={[
              ['Version', status.data?.version ?? ''],
              ['Database', status.data?.database ?? ''],
              ['Clock', status.data ? `${status.data.clock}, ${new Date(now).toISOString().slice(0, 16)}Z` : ''],
              ['Facts', status.data?.lastEventSeq ?? ''],
            ]}
          />
        }
      >
        <Section title="Projects">
          <CycleRing states={{}} head="No project yet" lines={['the cycle starts with one']} />
          <Empty title="Declare a project, or watch the example turn">
            <pre>capstan apply my-project{'\n'}npm run demo</pre>
          </Empty>
        </Section>
        <Section title="What changed">
          <Changes now={now} after={Math.max(0, (status.data?.lastEventSeq ?? 0) - 10)} />
        </Section>
      </Columns>
    </Page>
  );
}

function Changes({ now, after }: { now: number; after: number }) {
  const events = useQuery({
    queryKey: ['events', { after }],
    queryFn: () => api.system.events({ query: { after, limit: 10 } }),
  });
  if (events.error) return <Failure error={events.error} />;
  if (!events.data) return null;
  return (
    <ul>
      {events.data.items.toReversed().map((item) => (
        <li key={item.seq}>
          <Time at={item.at} now={now} /> {item.type} <code>{item.subject}</code>
        </li>
      ))}
    </ul>
  );
}

import { expect, test } from 'vitest';
import { exposition } from '#kernel/exposition';
import { createMetrics } from './metrics.ts';

function linesOf(text: string, name: string): string[] {
  return text.split('\n').filter((line) => line.startsWith(name));
}

test('a family is its help, its type and its samples, with what would end a line or a label escaped', () => {
  const family = {
    name: 'a_total',
    help: 'One\nline \\',
    type: 'counter',
    samples: [
      { labels: { path: 'a"b\\c\nd', to: 'x' }, value: 1.5 },
      { suffix: '_sum', value: Infinity },
    ],
  } as const;
  expect(exposition([family, { ...family, name: 'b', samples: [] }])).toBe(
    String.raw`# HELP a_total One\nline \\
# TYPE a_total counter
a_total{path="a\"b\\c\nd",to="x"} 1.5
a_total_sum +Inf

# HELP b One\nline \\
# TYPE b counter
`,
  );
});

test('answers are counted by route and status, and by buckets that each hold those before', () => {
  const metrics = createMetrics();
  metrics.countAnswer('/a', 200, 1);
  metrics.countAnswer('/a', 200, 30);
  metrics.countAnswer('/a', 503, 60_000);
  metrics.countAnswer('/b', 200, 0);
  const { text, contentType } = metrics.render();
  expect(contentType).toContain('version=0.0.4');
  expect(linesOf(text, 'capstan_http_requests_total')).toEqual([
    'capstan_http_requests_total{route="/a",status="200"} 2',
    'capstan_http_requests_total{route="/a",status="503"} 1',
    'capstan_http_requests_total{route="/b",status="200"} 1',
  ]);
  const durations = linesOf(text, 'capstan_http_request_duration_seconds').filter((line) => line.includes('"/a"'));
  expect(durations.map((line) => line.replace(/.*seconds(_\w+).*?(le="[^"]+")?\} /, '$1 $2 '))).toEqual([
    '_bucket le="0.001" 1',
    '_bucket le="0.005" 1',
    '_bucket le="0.025" 1',
    '_bucket le="0.1" 2',
    '_bucket le="0.5" 2',
    '_bucket le="2.5" 2',
    '_bucket le="10" 2',
    '_bucket le="+Inf" 3',
    '_sum  60.031',
    '_count  3',
  ]);
});

test('jobs are told once they are known, and the process always', () => {
  const metrics = createMetrics();
  expect(linesOf(metrics.render().text, 'capstan_jobs')).toEqual([]);
  metrics.setJobs({ due: 2, running: 1, scheduled: 0, discarded: 0 });
  const { text } = metrics.render();
  expect(linesOf(text, 'capstan_jobs')).toEqual([
    'capstan_jobs{state="due"} 2',
    'capstan_jobs{state="running"} 1',
    'capstan_jobs{state="scheduled"} 0',
    'capstan_jobs{state="discarded"} 0',
  ]);
  const [resident] = linesOf(text, 'capstan_process_resident_memory_bytes');
  expect(Number(resident?.split(' ')[1])).toBeGreaterThan(1e6);
  expect(text).not.toContain('NaN');
});

// MLflow's clients print links to its own interface, `/#/experiments/1/runs/ab…`: they lead to the same thing here.

const patterns: readonly (readonly [RegExp, (parts: readonly string[]) => string])[] = [
  [/^\/experiments\/[^/]+\/runs\/([^/]+)(?:\/artifacts\/(.+))?/, ([run = '', path]) => artifactPlace(run, path)],
  [/^\/experiments\/([^/]+)\/models\/([^/]+)/, ([experiment = '']) => `/experiments/${experiment}`],
  [/^\/experiments\/([^/]+)/, ([experiment = '']) => `/experiments/${experiment}`],
  [/^\/experiments\/?$/, () => '/experiments'],
  [/^\/compare-runs/, () => '/experiments'],
  [/^\/models\/([^/]+)\/versions\/([^/]+)/, ([model = '', version = '']) => `/models/${model}/versions/${version}`],
  [/^\/models\/([^/]+)/, ([model = '']) => `/models/${model}`],
  [/^\/models\/?$/, () => '/models'],
];

function artifactPlace(run: string, path: string | undefined): string {
  return path === undefined ? `/runs/${run}` : `/runs/${run}?tab=artifacts&path=${encodeURIComponent(decode(path))}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The address here of a link of MLflow's interface, from the part behind `#`; undefined for what is none. */
export function placeOfMlflowLink(hash: string): string | undefined {
  if (!hash.startsWith('#/')) return undefined;
  const [path = '', query = ''] = hash.slice(1).split('?', 2);
  const compared = path.startsWith('/compare-runs') ? comparePlace(new URLSearchParams(query)) : undefined;
  if (compared !== undefined) return compared;
  for (const [pattern, place] of patterns) {
    const found = pattern.exec(path);
    if (found) return place(found.slice(1));
  }
  return undefined;
}

/** `?runs=["a","b"]&experiments=["1"]`, as MLflow writes them. */
function comparePlace(query: URLSearchParams): string | undefined {
  try {
    const [runs, experiments] = [query.get('runs'), query.get('experiments')].map(
      (text) => JSON.parse(text ?? '') as unknown,
    );
    if (!Array.isArray(runs) || !Array.isArray(experiments)) return undefined;
    return `/experiments/${encodeURIComponent(String(experiments[0]))}/compare?runs=${encodeURIComponent(JSON.stringify(runs))}`;
  } catch {
    return undefined;
  }
}

/** Leads there, now and whenever such a link is followed. */
export function followMlflowLinks(go: (place: string) => void): void {
  const follow = (): void => {
    const place = placeOfMlflowLink(location.hash);
    if (place !== undefined) go(place);
  };
  addEventListener('hashchange', follow);
  follow();
}

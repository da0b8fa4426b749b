import { clientOf } from '@capstan/client/calls';
import { QueryClient, useQuery, type Query, type UseQueryResult } from '@tanstack/react-query';
import calls from 'virtual:calls';

/** The page's own server. */
export const api = clientOf(calls, { baseUrl: '' });

/** Reads are instant from the cache, then fresh; facts from the feed mark them stale. */
export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: 1,
      placeholderData: (before: unknown, query: { readonly meta: Record<string, unknown> | undefined } | undefined) =>
        query?.meta?.['isKept'] === true ? before : undefined,
    },
  },
});

type Call<Input, Data> = (input: Input, signal?: AbortSignal) => Promise<Data>;

/** `module.verb` of each method of the client. */
const names = new Map<unknown, string>(
  Object.entries(api).flatMap(([module, verbs]) =>
    Object.entries(verbs).map(([verb, call]) => [call, `${module}.${verb}`] as const),
  ),
);

export interface ReadOptions<Data = unknown> {
  /** False: not yet, since something it needs is not known. */
  readonly isEnabled?: boolean;
  /** False: facts from the feed do not make it stale, for reads that cost much. */
  readonly isLive?: boolean;
  /** What was shown before stays until the answer to another question about the same thing is there. */
  readonly isKept?: boolean;
  /** Read again so often, for what goes on without facts that the feed tells; from what is known now. */
  readonly everyMs?: (known: Data | undefined) => number | false;
}

/** The key of a read in the cache: `['projects.get', {…}]`. */
function keyOf<Input, Data>(call: Call<Input, Data>, input: Input): readonly [string, Input] {
  return [names.get(call) ?? '', input];
}

/** What the server says, kept fresh. */
export function useRead<Input, Data>(
  call: Call<Input, Data>,
  input: Input,
  { isEnabled = true, isLive = true, isKept = false, everyMs }: ReadOptions<Data> = {},
): UseQueryResult<Data> {
  return useQuery({
    queryKey: keyOf(call, input),
    queryFn: ({ signal }) => call(input, signal),
    enabled: isEnabled,
    meta: { isLive, isKept },
    ...(everyMs && { refetchInterval: (query: Query<Data>) => everyMs(query.state.data) }),
  });
}

/** After something was changed from here: all that is shown is read again. */
export async function refresh(): Promise<void> {
  await queries.invalidateQueries();
}

/** The server's time, which may be simulated; 0 until it is known. */
export function useNow(): number {
  return useRead(api.system.status, {}).data?.now ?? 0;
}

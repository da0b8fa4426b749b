import { invalid } from '#kernel/errors';
import { projectName, type ReproduceOptions, type Repository } from '#repository';
import type { Terminal } from '../terminal.ts';
import { reportServer, type ReportOptions } from './server.ts';

/** After Ctrl-C nobody wants to wait. */
const LONGEST_END_OF_INTERRUPTED_MS = 2_000;

interface Around {
  readonly repository: Repository;
  isInterrupted(): boolean;
}

/**
 * Does work of which a server is told while it goes on, where one is set; what it is not told is sent later. Neither holds
 * the work up nor makes it fail.
 * @throws what `work` throws; DomainError INVALID_ARGUMENT for an address or a name that is none
 */
export async function toldToServer<Result>(
  terminal: Terminal,
  options: ReportOptions & { readonly project?: string },
  { repository, isInterrupted }: Around,
  work: (journal: NonNullable<ReproduceOptions['journal']>) => Promise<Result>,
): Promise<Result> {
  const { project } = options;
  if (project !== undefined && projectName(project) !== project)
    throw invalid(`'${project}' is no name of a project`, {
      field: '--project',
      hint: 'Use lower-case letters, digits and inner dashes.',
    });
  const url = reportServer(terminal, options);
  if (url === undefined) return await work({ project });
  // All schemas of the API come with them, which a run that nobody is told of does not wait for.
  const [{ createClient }, { headersOf }, { createSender }] = await Promise.all([
    import('@capstan/client'),
    import('../connect.ts'),
    import('./send-later.ts'),
  ]);
  const sender = createSender({
    client: createClient({ baseUrl: url, headers: headersOf() }),
    url,
    home: () => repository.home,
    onFailure({ problem: { detail } }) {
      terminal.err(`capstan: this run is not told to ${url} now: ${detail}`);
    },
  });
  try {
    return await work({ project, onOpen: sender.open });
  } finally {
    await sender.finish(isInterrupted() ? LONGEST_END_OF_INTERRUPTED_MS : undefined);
  }
}

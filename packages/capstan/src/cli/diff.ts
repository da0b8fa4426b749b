import type { Command } from 'commander';
import { diffData, openRevisions, WORKSPACE, type DataDiff, type DiffEntry } from '#repository';
import { markdownTable } from './markdown-table.ts';
import { inRepository, WAIT_OPTION } from './open-here.ts';
import type { Registration } from './run.ts';
import { oneLine } from './terminal.ts';

interface Options {
  readonly wait: string;
  readonly targets?: string[];
  readonly showHash?: boolean;
  readonly hideMissing?: boolean;
  readonly json?: boolean;
  readonly md?: boolean;
}

export function register(program: Command, { terminal, action }: Registration): void {
  program
    .command('diff [from] [to]')
    .description('How tracked data differs between two commits, or a commit (HEAD) and the checkout')
    .option('--targets <path...>', 'tracked paths, .dvc files or stages; all where left out')
    .option('--show-hash', 'print hashes as well')
    .option('--hide-missing', 'leave out data that the cache lacks')
    .option('--json', 'print JSON')
    .option('--md', 'print a Markdown table')
    .option(...WAIT_OPTION)
    .addHelpText(
      'after',
      '\nExamples:\n  capstan diff\n  capstan diff main~3 main --json\n  capstan diff v1.0 --targets data/images\n',
    )
    .action(
      action(async (from: string | undefined, to: string | undefined, options: Options) => {
        const diff = await inRepository(terminal, options, async (repository) => {
          const revisions = openRevisions(repository);
          try {
            // As dvc has it: before the first commit nothing differs from anything.
            if (from === undefined && (await revisions.head()) === undefined) return nothing;
            const states = [await revisions.at(from ?? 'HEAD'), await revisions.at(to ?? WORKSPACE)] as const;
            return await diffData(repository, ...states, {
              targets: options.targets ?? [],
              onProgress: ({ files, bytes }) =>
                terminal.show(`${files.toLocaleString('en')} files, ${(bytes / 1e6).toFixed(0)} MB read`),
            });
          } finally {
            await revisions.close();
          }
        });
        const hasMissing = to === undefined && options.hideMissing !== true;
        const groups = groupsOf(hasMissing ? diff : { ...diff, notInCache: [] });
        if (options.json) terminal.out(JSON.stringify({ schema: 'capstan/diff.v1', diff: jsonOf(groups, options) }));
        else if (options.md) terminal.out(markdownOf(groups, options));
        else terminal.out(textOf(groups, options));
        return undefined;
      }),
    );
}

const nothing: DataDiff = { added: [], deleted: [], modified: [], renamed: [], notInCache: [] };

interface Line {
  readonly before?: DiffEntry;
  readonly after?: DiffEntry;
}

type Groups = Readonly<Record<'added' | 'deleted' | 'renamed' | 'modified' | 'not in cache', readonly Line[]>>;

function groupsOf(diff: DataDiff): Groups {
  return {
    added: diff.added.map((after) => ({ after })),
    deleted: diff.deleted.map((before) => ({ before })),
    renamed: diff.renamed,
    modified: diff.modified,
    'not in cache': diff.notInCache.map((before) => ({ before })),
  };
}

function pathOf({ before, after }: Line): string {
  if (before && after && before.path.replace(/\/$/, '') !== after.path.replace(/\/$/, '')) {
    return `${before.path} -> ${after.path}`;
  }
  return (before ?? after)?.path ?? '';
}

const SHOWN_DIGITS = 8;

function hashOf({ before, after }: Line): string {
  const [old, now] = [before, after].map((entry) => entry?.md5?.slice(0, SHOWN_DIGITS) ?? '');
  return before && after && old !== now ? `${old}..${now}` : old || now || '';
}

/** As `dvc diff --json` has it. */
function jsonOf(groups: Groups, { showHash }: Options): Record<string, unknown> {
  const hash = (value: unknown) => (showHash === true ? { hash: value } : {});
  return Object.fromEntries(
    Object.entries(groups).map(([kind, lines]: [string, readonly Line[]]) => [
      kind,
      lines.map(({ before, after }) => {
        if (kind === 'renamed') return { path: { old: before?.path, new: after?.path }, ...hash(before?.md5) };
        const hashes = kind === 'modified' ? { old: before?.md5, new: after?.md5 } : (before ?? after)?.md5;
        return { path: (before ?? after)?.path, ...hash(hashes) };
      }),
    ]),
  );
}

function markdownOf(groups: Groups, { showHash }: Options): string {
  const rows = Object.entries(groups).flatMap(([kind, lines]: [string, readonly Line[]]) =>
    lines.map((line) => [kind, ...(showHash === true ? [hashOf(line)] : []), pathOf(line)]),
  );
  return markdownTable(['Status', ...(showHash === true ? ['Hash'] : []), 'Path'], rows);
}

function textOf(groups: Groups, { showHash }: Options): string {
  const filled = Object.entries(groups).filter(([, lines]: [string, readonly Line[]]) => lines.length > 0);
  if (filled.length === 0) return 'No tracked data differs.';
  const parts = filled.map(([kind, lines]: [string, readonly Line[]]) => {
    const title = `${kind[0]?.toUpperCase()}${kind.slice(1)}:`;
    const shown = lines.map(
      (line) => `    ${showHash === true ? `${hashOf(line)}  ` : ''}${oneLine(pathOf(line), Number.POSITIVE_INFINITY)}`,
    );
    return [title, ...shown, ''].join('\n');
  });
  const counts = filled.flatMap(([kind, lines]: [string, readonly Line[]]) => {
    const files = lines.filter((line) => !pathOf(line).endsWith('/')).length;
    return files === 0 ? [] : [`${files.toLocaleString('en')} ${kind}`];
  });
  return [...parts, ...(counts.length > 0 ? [`files: ${counts.join(', ')}`] : [])].join('\n').trimEnd();
}

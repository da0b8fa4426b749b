import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Command } from 'commander';
import { conflict, invalid } from '#kernel/errors';
import {
  collectPlots,
  openRevisions,
  valuesJson,
  checkoutState,
  WORKSPACE,
  writePlotFiles,
  writePlotsPage,
  type DrawnPlot,
  type PlotOverrides,
  type PlotSet,
  type Repository,
  type RepositoryState,
} from '#repository';
import { withRepository } from './open-here.ts';
import type { Registration } from './run.ts';
import type { Terminal } from './terminal.ts';

interface Options {
  readonly targets?: string[];
  readonly out?: string;
  readonly svg?: boolean;
  readonly json?: boolean;
  readonly open?: boolean;
  readonly template?: string;
  readonly x?: string;
  readonly y?: string;
  readonly xLabel?: string;
  readonly yLabel?: string;
  readonly title?: string;
  readonly header: boolean;
}

const DEFAULT_FOLDER = 'dvc_plots';

export function register(program: Command, { terminal, action }: Registration): void {
  const plots = program.command('plots').description('Drawings of what pipelines write');
  const shared = (command: Command): Command =>
    command
      .option('-o, --out <folder>', `where to write; the setting plots.out_dir, or ${DEFAULT_FOLDER}`)
      .option('--svg', 'one SVG file for each plot instead of a page')
      .option('--json', 'print the points as JSON and write nothing')
      .option('--open', 'open the page in the browser')
      .option('-t, --template <name>', 'how to draw: linear, simple, scatter, smooth, confusion, bar_horizontal, …')
      .option('-x <field>', 'field of the x axis')
      .option('-y <field>', 'field of the y axis')
      .option('--x-label <text>', 'name of the x axis')
      .option('--y-label <text>', 'name of the y axis')
      .option('--title <text>', 'title')
      .option('--no-header', 'tables have no row of names');
  shared(plots.command('show [target...]'))
    .description('Draw the plots of the checkout, or files')
    .addHelpText(
      'after',
      '\nExamples:\n  capstan plots show --open\n  capstan plots show logs.csv -x epoch -y loss --svg\n',
    )
    .action(
      action(async (targets: string[], options: Options) => {
        await withRepository(terminal, async (repository) => {
          const set = await collectPlots(repository, [checkoutState(repository.root)], {
            targets,
            overrides: overridesOf(options),
          });
          give(terminal, repository, set, options, 'Plots');
        });
        return undefined;
      }),
    );
  shared(plots.command('diff [revision...]'))
    .description('Draw the plots of several revisions together: HEAD and the checkout where none is named')
    .option('--targets <plot...>', 'these plots or files; all where left out')
    .addHelpText('after', '\nExamples:\n  capstan plots diff\n  capstan plots diff main v1.0 --targets logs.csv\n')
    .action(
      action(async (named: string[], options: Options) => {
        await withRepository(terminal, async (repository) => {
          const revisions = openRevisions(repository);
          try {
            const states: RepositoryState[] = [];
            for (const revision of await comparedRevisions(named, revisions)) states.push(await revisions.at(revision));
            const set = await collectPlots(repository, states, {
              targets: options.targets ?? [],
              overrides: overridesOf(options),
            });
            give(terminal, repository, set, options, `Plots of ${set.revisions.join(', ')}`);
          } finally {
            await revisions.close();
          }
        });
        return undefined;
      }),
    );
}

/** As dvc chooses them: one alone is compared with the checkout, which comes first. */
async function comparedRevisions(
  named: readonly string[],
  revisions: ReturnType<typeof openRevisions>,
): Promise<string[]> {
  const chosen = [...new Set(named)];
  if (chosen.length === 0 && (await revisions.head()) !== undefined && (await revisions.isDirty())) chosen.push('HEAD');
  if (chosen.length <= 1 && !chosen.includes(WORKSPACE)) chosen.push(WORKSPACE);
  return chosen.includes(WORKSPACE) ? [WORKSPACE, ...chosen.filter((name) => name !== WORKSPACE)] : chosen;
}

function overridesOf({ template, x, y, xLabel, yLabel, title, header }: Options): PlotOverrides {
  return {
    ...(template !== undefined && { template }),
    ...(x !== undefined && { x }),
    ...(y !== undefined && { y }),
    ...(xLabel !== undefined && { xLabel }),
    ...(yLabel !== undefined && { yLabel }),
    ...(title !== undefined && { title }),
    ...(!header && { hasHeader: false }),
  };
}

function give(terminal: Terminal, repository: Repository, set: PlotSet, options: Options, title: string): void {
  if (options.svg && options.open) throw invalid('--open shows the page, not SVG files', { field: '--open' });
  for (const { plot, revision, message } of set.problems) terminal.err(`capstan: ${plot} at ${revision}: ${message}`);
  if (options.json) {
    terminal.out(valuesJson({ schema: 'capstan/plots.v1', plots: set.plots.map(jsonOf), problems: set.problems }));
    return;
  }
  if (set.plots.length === 0) {
    terminal.out('There are no plots: name files, or declare plots in dvc.yaml.');
    return;
  }
  const folder = resolve(terminal.cwd, options.out ?? DEFAULT_FOLDER);
  try {
    const files = options.svg ? writePlotFiles(set, folder) : [writePlotsPage(set, folder, title)];
    for (const file of files) terminal.out(options.svg ? file : pathToFileURL(file).href);
    if (options.open) openInBrowser(terminal, files[0] ?? '');
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause)) throw cause;
    throw conflict(`The plots cannot be written to ${folder}: ${cause.message}`, { field: '--out', cause });
  }
}

/** Points by revision and field; pictures by their size, since their bytes are files already. */
function jsonOf(plot: DrawnPlot): unknown {
  if (plot.kind === 'points') return plot;
  const { images, ...about } = plot;
  return { ...about, images: images.map(({ revision, bytes, type }) => ({ revision, type, sizeBytes: bytes.length })) };
}

function openInBrowser(terminal: Terminal, file: string): void {
  const programs: Readonly<Record<string, readonly string[]>> = {
    darwin: ['open'],
    win32: ['cmd', '/c', 'start', ''],
  };
  const [command = '', ...args] = programs[process.platform] ?? ['xdg-open'];
  const child = spawn(command, [...args, file], { detached: true, stdio: 'ignore' });
  child.on('error', () => terminal.err(`capstan: no browser could be started; open ${file} yourself`));
  child.unref();
}

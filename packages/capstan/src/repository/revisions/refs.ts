import { runGit } from './git-program.ts';

export interface Ref {
  /** Without the folder of refs that was asked for. */
  readonly name: string;
  /** What it leads to, tags followed; may be no commit. */
  readonly commit: string;
}

export async function refsIn(root: string, folder: string): Promise<Ref[]> {
  const format = '%(refname)%00%(objectname)%00%(*objectname)';
  const printed = await runGit(root, ['for-each-ref', `--format=${format}`, folder]);
  return printed
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [name = '', id = '', peeled = ''] = line.split('\0');
      return { name: name.slice(folder.length + 1), commit: peeled === '' ? id : peeled };
    });
}

/** An experiment that dvc keeps: a commit on its baseline, under `refs/exps/ab/cdef…/name`. */
export interface ExperimentRef extends Ref {
  readonly baseline: string;
}

const WORKING_REFS = /^(?:exec|stash|celery|temp)\b/;

export async function experimentRefs(root: string): Promise<ExperimentRef[]> {
  return (await refsIn(root, 'refs/exps')).flatMap(({ name, commit }) => {
    const [first = '', second = '', ...rest] = name.split('/');
    if (rest.length === 0 || WORKING_REFS.test(name)) return [];
    return [{ name: rest.join('/'), commit, baseline: first + second }];
  });
}

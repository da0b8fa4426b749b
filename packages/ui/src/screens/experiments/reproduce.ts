// The commands that bring a run about again, from what its client logged. Pure.
import type { RunReply } from '../../app/replies.ts';

/** A word as a shell takes it literally: values come from whoever logged them. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

export interface Reproduction {
  /** Lines of a shell; empty where too little was logged. */
  readonly commands: string;
  /** What the commands cannot bring back. */
  readonly caveats: readonly string[];
}

/** A list of packages, among the files of the run or of a model that it logged. */
export interface Environment {
  readonly path: string;
  readonly model: string | undefined;
}

/** As MLflow does it: a project by `mlflow run`, a script from its commit. */
export function reproductionOf(run: RunReply, origin: string, environment: Environment | undefined): Reproduction {
  const { tags } = run;
  const commit = tags['mlflow.source.git.commit'];
  const repository = tags['mlflow.source.git.repoURL'];
  const entry = tags['mlflow.project.entryPoint'];
  const script = tags['mlflow.source.name'];
  const caveats: string[] = [];
  if (script === undefined || script === '') return { commands: '', caveats };
  const lines = [
    `export MLFLOW_TRACKING_URI=${quoted(origin)}`,
    `export MLFLOW_EXPERIMENT_ID=${quoted(run.experimentId)}`,
  ];
  if (entry !== undefined) {
    const params = Object.entries(run.params).map(([key, value]) => `-P ${quoted(`${key}=${value}`)}`);
    const version = commit === undefined ? [] : ['--version', quoted(commit)];
    lines.push(['mlflow run', quoted(repository ?? script), '-e', quoted(entry), ...version, ...params].join(' '));
    return { commands: lines.join('\n'), caveats };
  }
  if (repository !== undefined) lines.push(`git clone ${quoted(repository)} run-source && cd run-source`);
  if (commit === undefined) caveats.push('No commit was logged: which code ran is not known.');
  else lines.push(`git checkout ${quoted(commit)}`);
  if (tags['mlflow.source.git.diff'] !== undefined) {
    caveats.push('The tree had changes that are in no commit: `git apply` brings them back; they stand below.');
    const read = 'import json, sys; sys.stdout.write(json.load(sys.stdin)["tags"]["mlflow.source.git.diff"])';
    lines.push(`curl -s ${quoted(`${origin}/api/v1/runs/${run.id}`)} | python -c ${quoted(read)} | git apply`);
  } else if (tags['mlflow.source.git.dirty'] === 'true') {
    caveats.push('The tree had changes that are in no commit, and they were not logged.');
  }
  if (environment === undefined) caveats.push('No environment was logged: packages may differ.');
  else {
    const { path, model } = environment;
    // MLflow's command brings all files of a model or none.
    lines.push(
      model === undefined
        ? `mlflow artifacts download --run-id ${run.id} --artifact-path ${quoted(path)} --dst-path run-environment`
        : `curl -s --create-dirs -o run-environment/requirements.txt ${quoted(fileAddress(origin, model, path))}`,
      `pip install -r ${quoted(`run-environment/${path.slice(path.lastIndexOf('/') + 1)}`)}`,
    );
  }
  lines.push(script.endsWith('.ipynb') ? `jupyter execute ${quoted(script)}` : `python ${quoted(script)}`);
  return { commands: lines.join('\n'), caveats };
}

function fileAddress(origin: string, model: string, path: string): string {
  return `${origin}/api/v1/artifacts/logged-model/${model}/file?path=${encodeURIComponent(path)}`;
}

import { api, useRead } from '../../app/api.ts';
import type { RunReply } from '../../app/replies.ts';
import { Command } from '../../design/copy.tsx';
import { counted } from '../../design/format.ts';
import { LogView } from '../../design/log-view.tsx';
import { Quiet, Section } from '../../design/page.tsx';
import { reproductionOf, type Environment } from './reproduce.ts';

/** How to bring the run about again, and what that leaves open; nothing where its code is not known. */
export function Reproduce({ run }: { run: RunReply }) {
  const environment = useEnvironment(run);
  const { commands, caveats } = reproductionOf(run, location.origin, environment);
  if (commands === '') return null;
  return (
    <Section title="Reproduce" note={run.tags['mlflow.source.name']}>
      <Command>{commands}</Command>
      {caveats.map((caveat) => (
        <p key={caveat}>
          <Quiet>{caveat}</Quiet>
        </p>
      ))}
    </Section>
  );
}

/** The list of packages that the run logged, or a model of it, by its usual names. */
function useEnvironment(run: RunReply): Environment | undefined {
  const top = useRead(api.experiments.listArtifacts, { params: { owner: 'run', id: run.id }, query: {} }).data;
  const folder = top?.items.find((item) => item.kind === 'folder' && /^(model|environment|env)$/.test(item.path))?.path;
  const inside = useRead(
    api.experiments.listArtifacts,
    { params: { owner: 'run', id: run.id }, query: { path: folder ?? '' } },
    { isEnabled: folder !== undefined },
  ).data;
  const model = run.modelOutputs.at(-1)?.modelId;
  const ofModel = useRead(
    api.experiments.listArtifacts,
    { params: { owner: 'logged-model', id: model ?? '' }, query: {} },
    { isEnabled: model !== undefined },
  ).data;
  const own = packagesIn([...(top?.items ?? []), ...(inside?.items ?? [])]);
  if (own !== undefined) return { path: own, model: undefined };
  const models = packagesIn(ofModel?.items ?? []);
  return models === undefined ? undefined : { path: models, model };
}

function packagesIn(files: readonly { readonly path: string }[]): string | undefined {
  return files.find(({ path }) => /(^|\/)requirements\.txt$/.test(path))?.path;
}

/** What the tree held that no commit does, as the client logged it. */
export function SourceDiff({ diff }: { diff: string | undefined }) {
  if (diff === undefined || diff === '') return null;
  const files = diff.split('\n').filter((line) => line.startsWith('diff --git')).length;
  return (
    <Section title="Source diff" note={files === 0 ? undefined : counted(files, 'file')}>
      <LogView label="Source diff" text={diff} isHead />
    </Section>
  );
}

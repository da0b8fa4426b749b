import type { DatasetVersion, ExpectationSuite } from '@capstan/api';
import type { Datasets, ProfiledVersion, Split } from '#data/datasets';
import type { ExpectationsDeps } from './deps.ts';
import type { ReferenceVersion } from './distribution-rules.ts';
import type { Evaluation } from './evaluate.ts';

/** All that an evaluation of a version needs, as it is or without the rows that were put aside. @throws DomainError DATA_LOSS */
export async function evaluationOf(
  { datasets, projects, analytics, clock }: Omit<ExpectationsDeps, 'database' | 'events' | 'ids'>,
  version: DatasetVersion,
  given: Pick<Evaluation, 'profiled' | 'signal'> & {
    readonly suite: ExpectationSuite;
    readonly profiled: ProfiledVersion;
  },
  split?: Split,
): Promise<Evaluation> {
  const { declaration } = await projects.get(version.project);
  return {
    ...given,
    version: { ...version, ...split?.content },
    files: await datasets.filesToCheck(version.id, split),
    key: declaration.datasets[version.dataset]?.key ?? [],
    now: clock.now(),
    analytics,
    async reference(dataset) {
      const latest = await datasets.latest(version.project, dataset);
      return latest && { files: await datasets.files(latest.id), columns: latest.columns };
    },
    referenceVersion: (which) => referenceVersion(datasets, version, which),
  };
}

/** An accepted version of the same dataset, other than the one that is judged. */
async function referenceVersion(
  datasets: Datasets,
  { id, project, dataset }: DatasetVersion,
  which: number | 'accepted',
): Promise<ReferenceVersion | undefined> {
  const found =
    which === 'accepted' ? await datasets.latest(project, dataset) : await datasets.byNumber(project, dataset, which);
  if (!found || found.id === id || found.status !== 'accepted') return undefined;
  const { number, rows, columns } = found;
  return { number, rows, columns, files: await datasets.files(found.id) };
}

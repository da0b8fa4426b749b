import { useInfiniteQuery } from '@tanstack/react-query';
import { api } from '../../../app/api.ts';
import type { Reply } from '../../../app/replies.ts';
import { Button } from '../../../design/button.tsx';
import { Id } from '../../../design/copy.tsx';
import { bytes } from '../../../design/format.ts';
import { Loaded } from '../../../design/loaded.tsx';
import { LogView } from '../../../design/log-view.tsx';
import { Empty, Quiet, Row, Stack } from '../../../design/page.tsx';
import { JsonTree } from './json-tree.tsx';
import { TextTable } from './text-table.tsx';
import css from './preview.module.css';

export interface Owner {
  readonly owner: 'run' | 'logged-model';
  readonly id: string;
}

/** Pictures are drawn whole; larger ones are for downloading. */
const LARGEST_PICTURE = 20_000_000;
const LARGEST_PAGE = 20_000_000;

/** The head of a file, 256 KB at a time, as what its name says it is; size, digest and download always. */
export function Preview({ owner, id, path }: Owner & { path: string }) {
  const parts = useInfiniteQuery({
    queryKey: ['artifact', owner, id, path],
    queryFn: ({ pageParam, signal }) =>
      api.experiments.previewArtifact({ params: { owner, id }, query: { path, from: pageParam } }, signal),
    initialPageParam: 0,
    getNextPageParam: (part) => part.nextFrom,
    meta: { isLive: true, mostLivePages: 1 },
  });
  const place = `/api/v1/artifacts/${owner}/${encodeURIComponent(id)}`;
  const query = `path=${encodeURIComponent(path)}`;
  return (
    <Loaded of={parts}>
      {({ pages }) => {
        const first = pages[0];
        if (!first) return null;
        const text = first.text === null ? null : pages.map((part) => part.text ?? '').join('');
        const shown = pages.at(-1)?.nextFrom;
        return (
          <Stack>
            <Row>
              <code>{first.path}</code>
              <Quiet>{`${bytes(first.sizeBytes)}, ${first.mediaType}`}</Quiet>
              <Id value={first.digest} />
              <a href={`${place}/file?${query}`} download>
                Download
              </a>
            </Row>
            <Content file={first} text={text} isWhole={shown === undefined} place={place} query={query} />
            {text !== null && shown !== undefined && (
              <Row>
                <Quiet>{`The first ${bytes(shown)} of ${bytes(first.sizeBytes)} are shown.`}</Quiet>
                <Button disabled={parts.isFetchingNextPage} onClick={() => void parts.fetchNextPage()}>
                  Load more
                </Button>
              </Row>
            )}
          </Stack>
        );
      }}
    </Loaded>
  );
}

interface ContentProps {
  readonly file: Reply<typeof api.experiments.previewArtifact>;
  readonly text: string | null;
  readonly isWhole: boolean;
  readonly place: string;
  readonly query: string;
}

function Content({ file, text, isWhole, place, query }: ContentProps) {
  const { mediaType, path, sizeBytes } = file;
  if (mediaType.startsWith('image/') && sizeBytes <= LARGEST_PICTURE) {
    const source = `${place}/file?${query}`;
    return (
      <a href={source} download className={css['picture']}>
        <img src={source} alt={path} />
      </a>
    );
  }
  if (mediaType === 'text/html' && sizeBytes <= LARGEST_PAGE) {
    return (
      <>
        <Quiet>Shown apart from Capstan: its scripts reach neither this page nor the network.</Quiet>
        <iframe
          className={css['page']}
          title={path}
          src={`${place}/frame?${query}`}
          sandbox="allow-scripts"
          referrerPolicy="no-referrer"
        />
      </>
    );
  }
  if (text === null)
    return <Empty title="Not text">There is no view of this kind of file; download it to open it.</Empty>;
  if (text === '') return <Empty title="Empty file" />;
  if (mediaType.includes('json') && !mediaType.includes('ndjson') && isWhole) return <JsonTree text={text} />;
  if (mediaType === 'text/csv') return <TextTable text={text} separator="," isWhole={isWhole} />;
  if (mediaType === 'text/tab-separated-values') return <TextTable text={text} separator={'\t'} isWhole={isWhole} />;
  return <LogView label={`Content of ${path}`} text={text} isHead />;
}

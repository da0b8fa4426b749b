import { useState } from 'react';
import { api, useRead } from '../../app/api.ts';
import { Id } from '../../design/copy.tsx';
import { bytes } from '../../design/format.ts';
import { Loaded } from '../../design/loaded.tsx';
import { LogView } from '../../design/log-view.tsx';
import { Empty, Quiet, Row, Stack } from '../../design/page.tsx';
import { Tree, TreeFile, TreeFolder, TreeLayout } from '../../design/tree.tsx';

interface Owner {
  readonly owner: 'run' | 'logged-model';
  readonly id: string;
}

interface Chosen {
  /** Path of the file that is open; empty for none. */
  readonly path: string;
  onOpen(path: string): void;
}

/** Files of a run or logged model: folders on the left, the head of the chosen file on the right. */
export function Artifacts({ owner, id, path, onOpen }: Owner & Chosen) {
  const top = useRead(api.experiments.listArtifacts, { params: { owner, id }, query: {} });
  if (top.data?.items.length === 0) {
    return (
      <Empty title="No file was logged">
        <code>mlflow.log_artifact("report.html")</code>
      </Empty>
    );
  }
  return (
    <TreeLayout label="Files" tree={<FolderItems owner={owner} id={id} folder="" path={path} onOpen={onOpen} />}>
      {path === '' ? <Quiet>Choose a file to look at.</Quiet> : <Preview owner={owner} id={id} path={path} />}
    </TreeLayout>
  );
}

function FolderItems({ owner, id, folder, path, onOpen }: Owner & Chosen & { folder: string }) {
  const list = useRead(api.experiments.listArtifacts, {
    params: { owner, id },
    query: folder === '' ? {} : { path: folder },
  });
  return (
    <Loaded of={list}>
      {({ items }) => (
        <Tree>
          {items.map((item) =>
            item.kind === 'file' ? (
              <TreeFile
                key={item.path}
                name={nameOf(item.path)}
                note={bytes(item.sizeBytes)}
                isChosen={item.path === path}
                onChoose={() => onOpen(item.path)}
              />
            ) : (
              <Folder key={item.path} owner={owner} id={id} folder={item.path} path={path} onOpen={onOpen} />
            ),
          )}
        </Tree>
      )}
    </Loaded>
  );
}

/** A folder reads what is in it when it is opened. */
function Folder(props: Owner & Chosen & { folder: string }) {
  const [isOpen, setOpen] = useState(props.path.startsWith(`${props.folder}/`));
  return (
    <TreeFolder name={nameOf(props.folder)} isOpen={isOpen} onToggle={() => setOpen(!isOpen)}>
      {isOpen && <FolderItems {...props} />}
    </TreeFolder>
  );
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function Preview({ owner, id, path }: Owner & { path: string }) {
  const preview = useRead(api.experiments.previewArtifact, { params: { owner, id }, query: { path } });
  const file = `/api/v1/artifacts/${owner}/${encodeURIComponent(id)}/file?path=${encodeURIComponent(path)}`;
  return (
    <Loaded of={preview}>
      {(data) => (
        <Stack>
          <Row>
            <code>{data.path}</code>
            <Quiet>{`${bytes(data.sizeBytes)}, ${data.mediaType}`}</Quiet>
            <Id value={data.digest} />
            <a href={file} download>
              Download
            </a>
          </Row>
          {data.text === null ? (
            <Empty title="Not text">There is no view of this kind of file; download it to open it.</Empty>
          ) : (
            <LogView
              label={`Content of ${data.path}`}
              text={readable(data.text, data.mediaType, data.isWhole)}
              head={!data.isWhole && <Quiet>Only its beginning is shown.</Quiet>}
            />
          )}
        </Stack>
      )}
    </Loaded>
  );
}

/** JSON on many lines; anything else as it is. */
function readable(text: string, mediaType: string, isWhole: boolean): string {
  if (!isWhole || !mediaType.includes('json')) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

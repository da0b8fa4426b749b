import { useState } from 'react';
import { api, useRead } from '../../app/api.ts';
import { bytes } from '../../design/format.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Empty, Quiet } from '../../design/page.tsx';
import { Tree, TreeFile, TreeFolder, TreeLayout } from '../../design/tree.tsx';
import { Preview, type Owner } from './preview/preview.tsx';

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
      {path === '' ? (
        <Quiet>Choose a file to look at.</Quiet>
      ) : (
        <Preview key={path} owner={owner} id={id} path={path} />
      )}
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

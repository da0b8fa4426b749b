import { useState } from 'react';
import { api, useRead } from '../../app/api.ts';
import type { RunReply } from '../../app/replies.ts';
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

interface ArtifactsProps {
  readonly run: RunReply;
  readonly path: string;
  /** The logged model that the open file belongs to; absent for the run's own. */
  readonly model: string | undefined;
  onOpen(path: string, model: string | undefined): void;
}

/** Files of a run and of the models it logged: folders on the left, the head of the chosen file on the right. */
export function Artifacts({ run, path, model, onOpen }: ArtifactsProps) {
  const top = useRead(api.experiments.listArtifacts, { params: { owner: 'run', id: run.id }, query: {} });
  const models = [...new Set(run.modelOutputs.map(({ modelId }) => modelId))];
  if (top.data?.items.length === 0 && models.length === 0) {
    return (
      <Empty title="No file was logged">
        <code>mlflow.log_artifact("report.html")</code>
      </Empty>
    );
  }
  const open: Owner = model === undefined ? { owner: 'run', id: run.id } : { owner: 'logged-model', id: model };
  const tree = (
    <>
      <FolderItems
        owner="run"
        id={run.id}
        folder=""
        path={model === undefined ? path : ''}
        onOpen={(file) => onOpen(file, undefined)}
      />
      {models.length > 0 && (
        <Tree>
          {models.map((id) => (
            <LoggedModelFiles
              key={id}
              id={id}
              path={model === id ? path : ''}
              onOpen={(file) => onOpen(file, id)}
              isAlone={models.length === 1}
            />
          ))}
        </Tree>
      )}
    </>
  );
  return (
    <TreeLayout label="Files" tree={tree}>
      {path === '' ? (
        <Quiet>Choose a file to look at.</Quiet>
      ) : (
        <Preview key={`${open.id} ${path}`} {...open} path={path} />
      )}
    </TreeLayout>
  );
}

/** The files of a model that the run logged, which lie with the model and not with the run. */
function LoggedModelFiles({ id, isAlone, ...chosen }: Chosen & { id: string; isAlone: boolean }) {
  const [isOpen, setOpen] = useState(isAlone || chosen.path !== '');
  const name = useRead(api.experiments.getLoggedModel, { params: { model: id } }).data?.name;
  return (
    <TreeFolder name={name ?? id} note="logged model" isOpen={isOpen} onToggle={() => setOpen(!isOpen)}>
      {isOpen && <FolderItems owner="logged-model" id={id} folder="" {...chosen} />}
    </TreeFolder>
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

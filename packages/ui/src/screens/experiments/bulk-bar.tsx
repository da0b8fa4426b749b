import { useNavigate } from '@tanstack/react-router';
import { useRef, useState, type FormEvent } from 'react';
import { api, refresh } from '../../app/api.ts';
import { Button } from '../../design/button.tsx';
import { counted } from '../../design/format.ts';
import { Failure } from '../../design/problem.tsx';
import { toast } from '../../design/toast.tsx';
import css from './bulk-bar.module.css';

const MOST_COMPARED = 200;

interface BulkBarProps {
  readonly experiment: string;
  readonly chosen: ReadonlySet<string>;
  readonly view: 'active' | 'deleted';
  onClear(): void;
}

/** What can be done with the chosen runs; nothing while none is. */
export function BulkBar({ experiment, chosen, view, onClear }: BulkBarProps) {
  const navigate = useNavigate();
  const [error, setError] = useState<unknown>(null);
  const ids = [...chosen];
  if (ids.length === 0) return null;
  const act = (work: () => Promise<unknown>): void => {
    setError(null);
    work().then(refresh).catch(setError);
  };
  const remove = async (): Promise<void> => {
    await api.experiments.deleteRuns({ body: { ids } });
    onClear();
    toast(`${counted(ids.length, 'run')} deleted`, async () => {
      await api.experiments.restoreRuns({ body: { ids } });
      await refresh();
    });
  };
  const restore = async (): Promise<void> => {
    await api.experiments.restoreRuns({ body: { ids } });
    onClear();
    toast(`${counted(ids.length, 'run')} restored`, async () => {
      await api.experiments.deleteRuns({ body: { ids } });
      await refresh();
    });
  };
  return (
    <div className={css['bar']} role="toolbar" aria-label="Chosen runs">
      <strong>{`${counted(ids.length, 'run')} chosen`}</strong>
      <Button
        disabled={ids.length < 2 || ids.length > MOST_COMPARED}
        title={ids.length > MOST_COMPARED ? `At most ${MOST_COMPARED} runs are compared` : undefined}
        onClick={() =>
          void navigate({ to: '/experiments/$experiment/compare', params: { experiment }, search: { runs: ids } })
        }
      >
        Compare
      </Button>
      {view === 'active' ? (
        <>
          <TagAction ids={ids} />
          <Button kind="danger" onClick={() => act(remove)}>
            Delete
          </Button>
        </>
      ) : (
        <Button onClick={() => act(restore)}>Restore</Button>
      )}
      <Button onClick={onClear}>Choose none</Button>
      {error !== null && <Failure error={error} />}
    </div>
  );
}

function TagAction({ ids }: { ids: string[] }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [error, setError] = useState<unknown>(null);
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const [key, value] = [form.get('key'), form.get('value')].map((part) => (typeof part === 'string' ? part : ''));
    api.experiments
      .setRunTags({ body: { ids, tags: { [(key ?? '').trim()]: value ?? '' } } })
      .then(async () => {
        dialog.current?.close();
        toast(`Tag ${key ?? ''} set on ${counted(ids.length, 'run')}`);
        await refresh();
      })
      .catch(setError);
  };
  return (
    <>
      <Button onClick={() => dialog.current?.showModal()}>Tag…</Button>
      <dialog ref={dialog} className={css['dialog']} aria-label="Tag runs">
        <form onSubmit={submit}>
          <h2>{`Tag ${counted(ids.length, 'run')}`}</h2>
          <label>
            Key
            <input name="key" required maxLength={250} autoComplete="off" />
          </label>
          <label>
            Value
            <input name="value" maxLength={5_000} autoComplete="off" />
          </label>
          {error !== null && <Failure error={error} />}
          <div className={css['buttons']}>
            <Button onClick={() => dialog.current?.close()}>Cancel</Button>
            <button type="submit" className={css['submit']}>
              Set tag
            </button>
          </div>
        </form>
      </dialog>
    </>
  );
}

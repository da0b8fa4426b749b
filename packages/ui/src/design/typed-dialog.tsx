import { useRef, useState, type FormEvent, type ReactNode } from 'react';
import { Button } from './button.tsx';
import { Failure } from './problem.tsx';
import css from './reason-dialog.module.css';

/** A button for something that nothing brings back: says what goes, and acts when a word has been typed. */
export function TypedAction(props: {
  label: string;
  isDisabled: boolean;
  /** To be typed as it stands. */
  word: string;
  /** What will happen, asked for when the dialog opens. */
  foresee(): Promise<ReactNode>;
  act(): Promise<unknown>;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [effect, setEffect] = useState<ReactNode>(null);
  const [typed, setTyped] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const open = (): void => {
    setTyped('');
    setEffect('Counting…');
    setError(null);
    dialog.current?.showModal();
    props.foresee().then(setEffect, (failure: unknown) => {
      setEffect(null);
      setError(failure);
    });
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setBusy(true);
    props
      .act()
      .then(() => dialog.current?.close(), setError)
      .finally(() => setBusy(false));
  };
  return (
    <>
      <Button kind="danger" disabled={props.isDisabled} onClick={open}>
        {props.label}
      </Button>
      <dialog ref={dialog} className={css['dialog']} aria-label={props.label}>
        <form onSubmit={submit}>
          <h2>{props.label}</h2>
          {effect !== null && <p>{effect}</p>}
          <label>
            {`Type “${props.word}” to go on: nothing brings this back`}
            <input
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
              autoComplete="off"
              spellCheck={false}
            />
          </label>
          {error !== null && <Failure error={error} />}
          <div className={css['buttons']}>
            <Button onClick={() => dialog.current?.close()}>Cancel</Button>
            <button type="submit" className={css['submit']} disabled={isBusy || typed.trim() !== props.word}>
              {isBusy ? 'Working…' : props.label}
            </button>
          </div>
        </form>
      </dialog>
    </>
  );
}

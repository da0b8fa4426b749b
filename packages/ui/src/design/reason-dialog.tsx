import { useState, useRef, type FormEvent, type ReactNode } from 'react';
import { Button } from './button.tsx';
import css from './reason-dialog.module.css';
import { Failure } from './problem.tsx';

/** A button for something that cannot be undone: asks why before it acts, and says what failed. */
export function ReasonAction(props: {
  label: string;
  /** Of the dialog, and of the button for those who do not see what it stands beside; the label where left out. */
  title?: string;
  kind?: 'primary' | 'plain' | 'danger';
  /** What will happen, in a sentence. */
  effect: ReactNode;
  /** Fields besides the reason. */
  children?: ReactNode;
  act(reason: string): Promise<unknown>;
}) {
  const title = props.title ?? props.label;
  const dialog = useRef<HTMLDialogElement>(null);
  const [reason, setReason] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const close = (): void => {
    dialog.current?.close();
    setReason('');
    setError(null);
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setBusy(true);
    props
      .act(reason.trim())
      .then(close, setError)
      .finally(() => setBusy(false));
  };
  return (
    <>
      <Button
        kind={props.kind ?? 'plain'}
        onClick={() => dialog.current?.showModal()}
        {...(props.title !== undefined && { 'aria-label': `${props.label}: ${props.title}` })}
      >
        {props.label}
      </Button>
      <dialog ref={dialog} className={css['dialog']} aria-label={title}>
        <form onSubmit={submit}>
          <h2>{title}</h2>
          <p>{props.effect}</p>
          {props.children}
          <label>
            Why
            <textarea
              required
              rows={3}
              maxLength={2_000}
              value={reason}
              onChange={(event) => setReason(event.target.value)}
            />
          </label>
          {error !== null && <Failure error={error} />}
          <div className={css['buttons']}>
            <Button onClick={close}>Cancel</Button>
            <button type="submit" className={css['submit']} disabled={isBusy || reason.trim() === ''}>
              {isBusy ? 'Working…' : title}
            </button>
          </div>
        </form>
      </dialog>
    </>
  );
}

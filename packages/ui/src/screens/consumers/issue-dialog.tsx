import { useRef, useState, type FormEvent, type ReactNode } from 'react';
import { refresh } from '../../app/api.ts';
import { Button } from '../../design/button.tsx';
import { Command } from '../../design/copy.tsx';
import { Failure } from '../../design/problem.tsx';
import css from '../../design/reason-dialog.module.css';

/** A button that issues a token: asks what is needed, then shows the token, which nothing shows again. */
export function IssueAction(props: {
  label: string;
  /** Of the dialog, and of the button for those who do not see what it stands beside: it begins with the label. */
  title: string;
  /** Of the button that acts. */
  verb: string;
  kind?: 'primary' | 'plain';
  /** Fields of the form. */
  children: ReactNode;
  act(form: FormData): Promise<{ readonly token: string; readonly consumer: { readonly name: string } }>;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [issued, setIssued] = useState<{ token: string; name: string } | null>(null);
  const [isOpen, setOpen] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const open = (): void => {
    setIssued(null);
    setError(null);
    setOpen(true);
    dialog.current?.showModal();
  };
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    props
      .act(new FormData(event.currentTarget))
      .then(({ token, consumer }) => setIssued({ token, name: consumer.name }), setError)
      .finally(() => setBusy(false));
  };
  const closed = (): void => {
    setOpen(false);
    // It was shown this once: the page forgets it.
    setIssued(null);
    if (issued) void refresh();
  };
  return (
    <>
      <Button
        kind={props.kind ?? 'plain'}
        onClick={open}
        {...(props.label !== props.title && { 'aria-label': props.title })}
      >
        {props.label}
      </Button>
      <dialog ref={dialog} className={css['dialog']} aria-label={props.title} onClose={closed}>
        {issued ? (
          <form method="dialog">
            <h2>{`The token of ${issued.name}`}</h2>
            <p role="status">It is shown this once. Keep it where the caller finds it, and in no repository.</p>
            <Command label="Copy the token">{issued.token}</Command>
            <p>Each call carries it:</p>
            <Command>{'Authorization: Bearer TOKEN'}</Command>
            <div className={css['buttons']}>
              <button type="submit" className={css['submit']}>
                I have it
              </button>
            </div>
          </form>
        ) : (
          isOpen && (
            <form onSubmit={submit}>
              <h2>{props.title}</h2>
              {props.children}
              {error !== null && <Failure error={error} />}
              <div className={css['buttons']}>
                <Button onClick={() => dialog.current?.close()}>Cancel</Button>
                <button type="submit" className={css['submit']} disabled={isBusy}>
                  {isBusy ? 'Working…' : props.verb}
                </button>
              </div>
            </form>
          )
        )}
      </dialog>
    </>
  );
}

import { useEffect, useState, useSyncExternalStore } from 'react';
import { Button } from './button.tsx';
import { Failure } from './problem.tsx';
import css from './toast.module.css';

interface Said {
  readonly id: number;
  readonly text: string;
  undo?(): Promise<unknown>;
}

const SHOWN_MS = 10_000;
let said: Said | null = null;
let lastId = 0;
const listeners = new Set<() => void>();

function set(next: Said | null): void {
  said = next;
  for (const listener of listeners) listener();
}

/** Says what was done, and how to take it back, for a few seconds; a later word replaces it. */
export function toast(text: string, undo?: () => Promise<unknown>): void {
  lastId += 1;
  set({ id: lastId, text, ...(undo && { undo }) });
}

/** Where words of `toast` appear. Once, in the frame of all screens. */
export function Toasts() {
  const current = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => said,
  );
  return <output className={css['place']}>{current && <Toast key={current.id} of={current} />}</output>;
}

function Toast({ of: { text, undo } }: { of: Said }) {
  const [isHeld, setHeld] = useState(false);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    if (isHeld) return undefined;
    const timer = setTimeout(() => set(null), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [isHeld]);
  return (
    <div
      className={css['toast']}
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      {error === null ? <span>{text}</span> : <Failure error={error} />}
      {undo && <Button onClick={() => void undo().then(() => set(null), setError)}>Undo</Button>}
      <Button onClick={() => set(null)} aria-label="Dismiss">
        ✕
      </Button>
    </div>
  );
}

import { useState } from 'react';
import css from './copy.module.css';
import { short } from './format.ts';

const SAID_MS = 1_500;

function useCopy(text: string): { isCopied: boolean; copy(): void } {
  const [isCopied, setCopied] = useState(false);
  const copy = (): void => {
    void navigator.clipboard.writeText(text).then(() => {
      setCopied(true);
      setTimeout(() => setCopied(false), SAID_MS);
    });
  };
  return { isCopied, copy };
}

/** Of an id that is cut. */
const SHOWN = 8;

/**
 * An id: short where it is long, whole on hover, copied by a click.
 * @param props.isByEnd shows its end, where the beginnings of ids are alike
 */
export function Id({
  value,
  isWhole = false,
  isByEnd = false,
}: {
  value: string;
  isWhole?: boolean;
  isByEnd?: boolean;
}) {
  const { isCopied, copy } = useCopy(value);
  const cut = isByEnd ? `…${value.slice(-SHOWN)}` : `${short(value)}…`;
  return (
    <button type="button" className={css['id']} title={`${value} (copy)`} onClick={copy}>
      {isCopied ? 'copied' : isWhole || value.length <= 16 ? value : cut}
    </button>
  );
}

/** A command or code to take along. */
export function Command({ children, label = 'Copy' }: { children: string; label?: string }) {
  const { isCopied, copy } = useCopy(children);
  return (
    <div className={css['command']}>
      <pre tabIndex={0}>{children}</pre>
      <button type="button" onClick={copy}>
        {isCopied ? 'Copied' : label}
      </button>
    </div>
  );
}

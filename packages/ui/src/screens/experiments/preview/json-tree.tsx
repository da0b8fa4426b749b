import { useMemo, useState } from 'react';
import { LogView } from '../../../design/log-view.tsx';
import { count } from '../../../design/format.ts';
import css from './preview.module.css';

const SHOWN = 100;

/** JSON as a tree that opens where one asks; text that is none as it is. */
export function JsonTree({ text }: { text: string }) {
  const parsed = useMemo((): { value: unknown } | undefined => {
    try {
      return { value: JSON.parse(text) as unknown };
    } catch {
      return undefined;
    }
  }, [text]);
  if (!parsed) return <LogView label="Content" text={text} isHead />;
  return (
    <div className={css['json']}>
      <ul>
        <Node value={parsed.value} depth={0} />
      </ul>
    </div>
  );
}

function Node({ name, value, depth }: { name?: string; value: unknown; depth: number }) {
  const [isOpen, setOpen] = useState(depth < 2);
  const [most, setMost] = useState(SHOWN);
  const label = name !== undefined && <span className={css['key']}>{`${name}: `}</span>;
  if (typeof value !== 'object' || value === null) {
    return (
      <li>
        {label}
        <span className={typeof value === 'string' ? css['text'] : undefined}>{JSON.stringify(value)}</span>
      </li>
    );
  }
  const isList = Array.isArray(value);
  const entries = Object.entries(value);
  return (
    <li>
      <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <span aria-hidden>{isOpen ? '▾ ' : '▸ '}</span>
        {label}
        <span className={css['quiet']}>{isList ? `[${count(entries.length)}]` : `{${count(entries.length)}}`}</span>
      </button>
      {isOpen && (
        <ul>
          {entries.slice(0, most).map(([key, inner]) => (
            <Node key={key} name={key} value={inner} depth={depth + 1} />
          ))}
          {entries.length > most && (
            <li>
              <button type="button" onClick={() => setMost(most + SHOWN)}>
                {`… ${count(entries.length - most)} more`}
              </button>
            </li>
          )}
        </ul>
      )}
    </li>
  );
}

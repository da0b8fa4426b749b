import { useEffect, useRef, type ReactNode } from 'react';
import css from './log-view.module.css';

/** What a program printed. Stays at the end while more comes, unless one has scrolled up. */
export function LogView({ label, text, head }: { label: string; text: string; head?: ReactNode }) {
  const box = useRef<HTMLPreElement>(null);
  const isAtEnd = useRef(true);
  useEffect(() => {
    if (box.current && isAtEnd.current) box.current.scrollTop = box.current.scrollHeight;
  }, [text]);
  return (
    <div className={css['log']}>
      {head}
      <pre
        ref={box}
        tabIndex={0}
        aria-label={label}
        role="log"
        onScroll={({ currentTarget: element }) => {
          isAtEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < 24;
        }}
      >
        {withoutControl(text)}
      </pre>
    </div>
  );
}

/** Colour codes for terminals mean nothing here; a carriage return writes over its line. */
function withoutControl(text: string): string {
  return text
    .replaceAll(/\u001b\[[\d;]*[A-Za-z]/g, '')
    .replaceAll(/^.*\r(?!\n)/gm, '')
    .replaceAll('\r', '');
}

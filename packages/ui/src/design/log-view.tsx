import { useEffect, useRef, type ReactNode } from 'react';
import css from './log-view.module.css';

/** What a program printed. Stays at the end while more comes, unless one has scrolled up, or it is the head of a file. */
export function LogView(props: { label: string; text: string; head?: ReactNode; isHead?: boolean }) {
  const { label, text, head, isHead = false } = props;
  const box = useRef<HTMLPreElement>(null);
  const isAtEnd = useRef(!isHead);
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

import { useDeferredValue, useEffect, useId, useMemo, useRef, useState, type ReactNode } from 'react';
import { Button } from './button.tsx';
import css from './log-view.module.css';
import { placesOf, stretchesOf, withFound } from './terminal-text.ts';

/** What a program printed. Stays at the end while more comes, unless one has scrolled up, or it is the head of a file. */
export function LogView(props: { label: string; text: string; head?: ReactNode; isHead?: boolean }) {
  const { label, text, head, isHead = false } = props;
  const box = useRef<HTMLPreElement>(null);
  const isAtEnd = useRef(!isHead);
  const [typed, setTyped] = useState('');
  const [chosen, setChosen] = useState(0);
  const wanted = useDeferredValue(typed);
  const stretches = useMemo(() => stretchesOf(text), [text]);
  const places = useMemo(() => placesOf(stretches.map((each) => each.text).join(''), wanted), [stretches, wanted]);
  const shown = Math.min(chosen, Math.max(0, places.length - 1));
  useEffect(() => {
    if (box.current && isAtEnd.current && wanted === '') box.current.scrollTop = box.current.scrollHeight;
  }, [text, wanted]);
  useEffect(() => {
    box.current?.querySelector(`[data-found="${shown}"]`)?.scrollIntoView({ block: 'nearest' });
  }, [shown, wanted]);
  const go = (by: number): void => {
    if (places.length > 0) setChosen((shown + by + places.length) % places.length);
  };
  return (
    <div className={css['log']}>
      {head}
      {text.length > SEARCHED_CHARACTERS && (
        <Search
          label={label}
          typed={typed}
          said={wanted === '' ? '' : places.length === 0 ? 'not found' : `${shown + 1} of ${countText(places.length)}`}
          onType={(next) => {
            setTyped(next);
            setChosen(0);
          }}
          onGo={go}
        />
      )}
      <pre
        ref={box}
        tabIndex={0}
        aria-label={label}
        role="log"
        onScroll={({ currentTarget: element }) => {
          isAtEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < 24;
        }}
      >
        {withFound(stretches, places, wanted.length).map((each, index) => {
          const looks = each.looks.map((look) => css[look]).join(' ');
          if (each.found === undefined)
            return looks === '' ? each.text : <Colour key={index} {...{ looks }} text={each.text} />;
          return (
            <mark
              key={index}
              className={looks}
              data-found={each.found}
              aria-current={each.found === shown ? 'true' : undefined}
            >
              {each.text}
            </mark>
          );
        })}
      </pre>
    </div>
  );
}

/** A few lines are read, not searched. */
const SEARCHED_CHARACTERS = 2_000;
const MOST_PLACES = 1_000;

const countText = (count: number): string => (count === MOST_PLACES ? `${MOST_PLACES} or more` : String(count));

function Colour({ looks, text }: { looks: string; text: string }) {
  return <span className={looks}>{text}</span>;
}

function Search(props: {
  label: string;
  typed: string;
  said: string;
  onType(text: string): void;
  onGo(by: number): void;
}) {
  const id = useId();
  return (
    <form
      className={css['search']}
      role="search"
      aria-label={`Search in ${props.label}`}
      onSubmit={(event) => {
        event.preventDefault();
        props.onGo(1);
      }}
    >
      <label htmlFor={id}>Find</label>
      <input
        id={id}
        type="search"
        value={props.typed}
        spellCheck={false}
        autoComplete="off"
        onChange={({ target }) => props.onType(target.value)}
      />
      <Button onClick={() => props.onGo(-1)} disabled={props.said === ''}>
        Previous
      </Button>
      <Button onClick={() => props.onGo(1)} disabled={props.said === ''}>
        Next
      </Button>
      <output>{props.said}</output>
    </form>
  );
}

import { useRef, useState, type KeyboardEvent } from 'react';
import { api, useRead } from '../../app/api.ts';
import { Button } from '../../design/button.tsx';
import { completionAt, type Completion, type Vocabulary } from './completion.ts';
import { filterPlaceOf } from './filter-place.ts';
import css from './search-bar.module.css';

const HISTORY_KEY = 'capstan.run-filters';
const HISTORY_LENGTH = 20;
const SHOWN = 12;
/** What is typed is looked for anywhere in so many values. */
const MOST_VALUES = 200;

function history(): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(HISTORY_KEY) ?? '[]');
    return Array.isArray(kept) ? kept.filter((item) => typeof item === 'string') : [];
  } catch {
    return [];
  }
}

function remember(filter: string): void {
  const kept = [filter, ...history().filter((other) => other !== filter)].slice(0, HISTORY_LENGTH);
  localStorage.setItem(HISTORY_KEY, JSON.stringify(kept));
}

interface SearchBarProps {
  readonly experiment: string;
  readonly value: string;
  readonly vocabulary: Vocabulary;
  /** Of the search that `value` led to. */
  readonly error: unknown;
  onSearch(filter: string): void;
}

/** A filter in MLflow's search language: completes keys and values, shows where it is wrong, remembers what was asked. */
export function SearchBar({ experiment, value, vocabulary, error, onSearch }: SearchBarProps) {
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(value);
  const [given, setGiven] = useState(value);
  const [caret, setCaret] = useState(0);
  const [isOpen, setOpen] = useState(false);
  const [index, setIndex] = useState(-1);
  if (given !== value) {
    setGiven(value);
    setText(value);
  }
  const completion = completionAt(text, caret, vocabulary);
  const values = useRead(
    api.experiments.values,
    { params: { experiment }, query: { ...(completion.valuesOf ?? { of: 'param', key: '-' }), limit: MOST_VALUES } },
    { isEnabled: isOpen && completion.valuesOf !== undefined, isLive: false },
  );
  const options = isOpen ? optionsOf(text, completion, values.data?.values ?? []) : [];
  const search = (filter: string): void => {
    setOpen(false);
    if (filter !== '') remember(filter);
    onSearch(filter);
  };
  const take = (option: Option): void => {
    if (option.isWhole) {
      setText(option.text);
      search(option.text);
      return;
    }
    const next = text.slice(0, completion.start) + option.text + text.slice(completion.end);
    const at = completion.start + option.text.length;
    setText(next);
    setCaret(at);
    setIndex(-1);
    requestAnimationFrame(() => input.current?.setSelectionRange(at, at));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const chosen = options[index];
    if (event.key === 'ArrowDown') {
      if (isOpen) setIndex(Math.min(options.length - 1, index + 1));
      else setOpen(true);
    } else if (event.key === 'ArrowUp') setIndex(Math.max(-1, index - 1));
    else if (event.key === 'Escape') setOpen(false);
    else if ((event.key === 'Enter' || event.key === 'Tab') && chosen) take(chosen);
    else return;
    event.preventDefault();
  };
  const wrong = text === value ? filterPlaceOf(error) : undefined;
  return (
    <form
      className={css['bar']}
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        search(text.trim());
      }}
    >
      <div className={css['line']}>
        <input
          ref={input}
          role="combobox"
          aria-label="Filter runs"
          aria-expanded={options.length > 0}
          aria-controls="run-filter-options"
          aria-activedescendant={options[index] ? `run-filter-${index}` : undefined}
          aria-invalid={error != null && text === value}
          aria-describedby={wrong ? 'run-filter-error' : undefined}
          placeholder="metrics.log_loss < 0.55 and params.kind = 'trees'"
          spellCheck={false}
          autoComplete="off"
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setCaret(event.target.selectionStart ?? event.target.value.length);
            setOpen(true);
            setIndex(-1);
          }}
          onFocus={() => setOpen(true)}
          onBlur={() => setOpen(false)}
          onSelect={(event) => setCaret(event.currentTarget.selectionStart ?? 0)}
          onKeyDown={onKeyDown}
        />
        {value !== '' && <Button onClick={() => search('')}>Clear</Button>}
      </div>
      {options.length > 0 && (
        <div id="run-filter-options" role="listbox" aria-label="Completions" className={css['options']}>
          {options.map((option, at) => (
            <button
              key={option.text}
              type="button"
              id={`run-filter-${at}`}
              role="option"
              aria-selected={at === index}
              tabIndex={-1}
              onPointerDown={(event) => event.preventDefault()}
              onClick={() => take(option)}
            >
              <code>{option.label}</code>
              <small>{option.kind}</small>
            </button>
          ))}
        </div>
      )}
      {wrong && (
        <div id="run-filter-error" className={css['wrong']} role="alert">
          <pre>
            {value.slice(0, wrong.position)}
            <mark>{value.slice(wrong.position, wrong.position + wrong.length) || ' '}</mark>
            {value.slice(wrong.position + wrong.length)}
            {`\n${' '.repeat(wrong.position)}${'^'.repeat(wrong.length)}`}
          </pre>
          <p>{wrong.message}</p>
        </div>
      )}
    </form>
  );
}

interface Option {
  readonly text: string;
  readonly label: string;
  readonly kind: string;
  /** It is a whole filter of before. */
  readonly isWhole: boolean;
}

function optionsOf(text: string, completion: Completion, values: readonly string[]): Option[] {
  const typed = completion.typed.toLowerCase();
  const words = completion.valuesOf ? values.map(quoted) : completion.words;
  const found = words
    .filter((word) => word.toLowerCase().includes(typed) && word.toLowerCase() !== typed)
    .toSorted((a, b) => Number(b.toLowerCase().startsWith(typed)) - Number(a.toLowerCase().startsWith(typed)))
    .slice(0, SHOWN)
    .map((word) => ({ text: word, label: word, kind: completion.kind, isWhole: false }));
  if (text.trim() !== '' && found.length > 0) return found;
  const before = history()
    .filter((filter) => filter.includes(text.trim()) && filter !== text.trim())
    .slice(0, 5)
    .map((filter) => ({ text: filter, label: filter, kind: 'asked before', isWhole: true }));
  return [...before, ...found];
}

const quoted = (value: string): string => `'${value.replaceAll("'", "''")}'`;

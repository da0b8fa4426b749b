import { useState } from 'react';
import css from './column-picker.module.css';
import { Button } from './button.tsx';

const SHOWN = 200;

/** Which metrics and params are columns. */
export function ColumnPicker(props: {
  available: readonly string[];
  chosen: readonly string[];
  onChoose(columns: readonly string[]): void;
}) {
  const [isOpen, setOpen] = useState(false);
  const [text, setText] = useState('');
  const found = props.available.filter((column) => column.toLowerCase().includes(text.toLowerCase()));
  const toggle = (column: string): void =>
    props.onChoose(
      props.chosen.includes(column) ? props.chosen.filter((other) => other !== column) : [...props.chosen, column],
    );
  return (
    <div
      className={css['picker']}
      onKeyDown={(event) => {
        if (event.key === 'Escape') setOpen(false);
      }}
      role="presentation"
    >
      <Button aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {`Columns (${props.chosen.length} of ${props.available.length})`}
      </Button>
      {isOpen && (
        <div className={css['panel']} role="group" aria-label="Columns">
          <input
            type="search"
            aria-label="Find a column"
            placeholder="Find a column"
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
          <div className={css['list']}>
            {found.slice(0, SHOWN).map((column) => (
              <label key={column}>
                <input type="checkbox" checked={props.chosen.includes(column)} onChange={() => toggle(column)} />
                {column}
              </label>
            ))}
            {found.length > SHOWN && <p>{`and ${found.length - SHOWN} more: type to find them`}</p>}
            {found.length === 0 && <p>No column has that name.</p>}
          </div>
        </div>
      )}
    </div>
  );
}

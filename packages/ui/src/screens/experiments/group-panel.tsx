import { useState } from 'react';
import { Button } from '../../design/button.tsx';
import { Popover } from '../../design/popover.tsx';
import { Quiet } from '../../design/page.tsx';
import css from './column-panel.module.css';
import { keyOf } from './columns.ts';

const SHOWN = 60;
const MOST = 3;

/** Which params and tags runs are grouped by, up to three. */
export function GroupPanel(props: {
  available: readonly string[];
  chosen: readonly string[];
  onChoose(group: readonly string[]): void;
}) {
  const [text, setText] = useState('');
  const { chosen } = props;
  const usable = props.available.filter((column) => !column.startsWith('metrics.'));
  const found = usable.filter((column) => column.toLowerCase().includes(text.trim().toLowerCase()));
  // Short names first: they are rarely the generated ones.
  const shown = [
    ...chosen,
    ...found.filter((column) => !chosen.includes(column)).toSorted((a, b) => a.length - b.length),
  ].slice(0, SHOWN);
  const toggle = (column: string): void =>
    props.onChoose(chosen.includes(column) ? chosen.filter((other) => other !== column) : [...chosen, column]);
  return (
    <Popover label={chosen.length === 0 ? 'Group' : `Grouped by ${chosen.map(keyOf).join(', ')}`} name="Group by">
      <>
        <input
          type="search"
          className={css['find']}
          aria-label="Find a param or tag"
          placeholder="Find a param or tag"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <div className={css['list']} tabIndex={-1}>
          {shown.map((column) => (
            <label key={column}>
              <input
                type="checkbox"
                checked={chosen.includes(column)}
                disabled={chosen.length >= MOST && !chosen.includes(column)}
                onChange={() => toggle(column)}
              />
              <span>{column}</span>
            </label>
          ))}
          {found.length > SHOWN && <Quiet>{`and ${found.length - SHOWN} more: type to find them`}</Quiet>}
        </div>
        {chosen.length > 0 && <Button onClick={() => props.onChoose([])}>No groups</Button>}
      </>
    </Popover>
  );
}

import { useRef, useState, type KeyboardEvent } from 'react';
import css from './heat-map.module.css';
import { figure } from './format.ts';

export interface HeatCell {
  readonly value: number;
  /** Raised an alarm: marked by a sign and a frame besides its colour. */
  readonly isRaised: boolean;
  readonly title: string;
}

export interface HeatRow {
  readonly key: string;
  readonly label: string;
  readonly cells: readonly (HeatCell | null)[];
}

/** Values by row and column. Arrow keys move between cells, Enter or a click chooses one. */
export function HeatMap(props: {
  caption: string;
  rowName: string;
  columns: readonly { readonly key: string; readonly label: string; readonly title: string }[];
  rows: readonly HeatRow[];
  /** The value that gets the strongest colour. */
  most: number;
  chosen: { readonly row: string; readonly column: string } | null;
  onChoose(row: string, column: string): void;
}) {
  const table = useRef<HTMLTableElement>(null);
  const [place, setPlace] = useState<readonly [number, number]>([0, props.columns.length - 1]);
  const onKeyDown = (event: KeyboardEvent): void => {
    const [down, right] = steps[event.key] ?? [0, 0];
    if (down === 0 && right === 0) return;
    event.preventDefault();
    const row = Math.min(props.rows.length - 1, Math.max(0, place[0] + down));
    const column = Math.min(props.columns.length - 1, Math.max(0, place[1] + right));
    setPlace([row, column]);
    table.current?.querySelector<HTMLElement>(`[data-place="${row}/${column}"]`)?.focus();
  };
  return (
    <div className={css['scroll']}>
      <table ref={table} className={css['map']} aria-label={props.caption}>
        <thead>
          <tr>
            <th scope="col">{props.rowName}</th>
            {props.columns.map((column) => (
              <th key={column.key} scope="col" title={column.title}>
                <span>{column.label}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {props.rows.map((row, rowIndex) => (
            <tr key={row.key}>
              <th scope="row">{row.label}</th>
              {props.columns.map((column, columnIndex) => (
                <td key={column.key}>
                  <Cell
                    cell={row.cells[columnIndex] ?? null}
                    label={`${row.label}, ${column.title}`}
                    place={`${rowIndex}/${columnIndex}`}
                    most={props.most}
                    isReached={place[0] === rowIndex && place[1] === columnIndex}
                    isChosen={props.chosen?.row === row.key && props.chosen.column === column.key}
                    onKeyDown={onKeyDown}
                    onChoose={() => {
                      setPlace([rowIndex, columnIndex]);
                      props.onChoose(row.key, column.key);
                    }}
                  />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const steps: Readonly<Record<string, readonly [number, number]>> = {
  ArrowDown: [1, 0],
  ArrowUp: [-1, 0],
  ArrowRight: [0, 1],
  ArrowLeft: [0, -1],
};

function Cell(props: {
  cell: HeatCell | null;
  label: string;
  place: string;
  most: number;
  isReached: boolean;
  isChosen: boolean;
  onKeyDown(event: KeyboardEvent): void;
  onChoose(): void;
}) {
  const strength = props.cell ? Math.min(1, props.cell.value / props.most) : 0;
  const said = props.cell ? `${props.label}: ${props.cell.title}` : `${props.label}: nothing measured`;
  return (
    <button
      type="button"
      data-place={props.place}
      tabIndex={props.isReached ? 0 : -1}
      title={said}
      aria-label={said}
      aria-pressed={props.isChosen}
      className={props.cell?.isRaised ? css['raised'] : undefined}
      style={{ background: `color-mix(in oklch, var(--heat) ${Math.round(strength * 52)}%, var(--surface))` }}
      onKeyDown={props.onKeyDown}
      onClick={props.onChoose}
    >
      {props.cell ? `${props.cell.isRaised ? '▲' : ''}${brief(props.cell.value)}` : '·'}
    </button>
  );
}

/** .21 */
function brief(value: number): string {
  return Math.abs(value) < 1 ? value.toFixed(2).replace('0.', '.') : figure(Math.round(value * 10) / 10);
}

import { useEffect, useRef, useState, type ReactNode } from 'react';
import { Button } from './button.tsx';
import css from './chart.module.css';
import { figure, moment } from './format.ts';
import { Empty } from './page.tsx';
import { Table } from './table.tsx';
import { xNames, type XKind } from './x-names.ts';

export interface Series {
  readonly label: string;
  /** Null is a gap; undefined stands where only other series have a point. */
  readonly values: readonly (number | null | undefined)[];
  /** Drawn as the edge of a band between this and `bandWith`, the label of another series. */
  readonly bandWith?: string;
  /** Which of the eight data colours; the order of the series by default. */
  readonly hue?: number;
  readonly isDashed?: boolean;
  /** Thin and pale: what a smoothed line was made from. */
  readonly isGhost?: boolean;
  /** Not in the legend: it stands for another series. */
  readonly isUnnamed?: boolean;
  /** Points without a line between them. */
  readonly isPoints?: boolean;
}

export interface ChartData {
  readonly xKind: XKind;
  readonly x: readonly number[];
  readonly series: readonly Series[];
  readonly isLogX?: boolean;
  readonly isLogY?: boolean;
  /** Charts of one name show the place of the pointer together. */
  readonly cursor?: string;
  /** Lines that matter: a limit to cross, a budget. */
  readonly limits?: readonly { readonly label: string; readonly value: number }[];
  /** What happened at an instant: a deployment, a retraining, new data. */
  readonly notes?: readonly { readonly at: number; readonly label: string }[];
}

type PlotModule = typeof import('./plot.tsx');
let plotModule: PlotModule | undefined;
let plotLoading: Promise<PlotModule> | undefined;

/** Loads what draws, once: where the first chart is about to be shown, or before, while its figures are on their way. */
export function loadPlot(): Promise<PlotModule> {
  return (plotLoading ??= import('./plot.tsx').then((module) => (plotModule = module)));
}

/** Not by Suspense, which keeps a place that waited empty for 300 ms (React's throttle of fallbacks). */
function usePlot(): PlotModule | undefined {
  const [module, setModule] = useState(plotModule);
  useEffect(() => {
    if (!module) void loadPlot().then(setModule);
  }, [module]);
  return module;
}

const TABLE_ROWS = 200;
const MOST_TOLD = 4;

/**
 * Lines over time or steps. Says in words what it shows and why it is empty; the same figures as a table and as CSV, the
 * picture as PNG and SVG.
 */
export function Chart(props: {
  title: string;
  unit?: string;
  data: ChartData;
  /** Why there is nothing to draw, when there is nothing. */
  empty: ReactNode;
  heightPx?: number;
  /** Buttons beside the title. */
  actions?: ReactNode;
  /** A stretch of x was chosen by dragging; null: all of it again. */
  onZoom?(range: readonly [number, number] | null): void;
}) {
  const figureElement = useRef<HTMLElement>(null);
  const plot = usePlot();
  const { data, title } = props;
  const [isTable, setTable] = useState(false);
  if (!data.series.some((series) => series.values.some((value) => value != null))) {
    return (
      <Empty title={`${title}: nothing to draw`}>
        {props.empty}
        {props.actions}
      </Empty>
    );
  }
  const savePicture = (): void => {
    figureElement.current?.querySelector('canvas')?.toBlob((blob) => blob && save(blob, `${title}.png`));
  };
  const saveDrawing = async (): Promise<void> => {
    const { svgOf } = await import('./chart-svg.ts');
    const style = getComputedStyle(document.documentElement);
    const widthPx = Math.max(480, figureElement.current?.clientWidth ?? 0);
    const drawing = {
      title: props.unit === undefined ? title : `${title} (${props.unit})`,
      widthPx,
      heightPx: (props.heightPx ?? 220) + 120,
      token: (name: string) => rgbOf(style.getPropertyValue(name).trim()),
    };
    save(new Blob([svgOf(data, drawing)], { type: 'image/svg+xml' }), `${title}.svg`);
  };
  return (
    <figure className={css['figure']} ref={figureElement}>
      <figcaption>
        <strong>{title}</strong>
        {props.unit && <span>{props.unit}</span>}
        {props.actions && <div className={css['actions']}>{props.actions}</div>}
      </figcaption>
      <div
        role="img"
        aria-label={summary(title, data)}
        className={css['plot']}
        style={{ minHeight: props.heightPx ?? 220 }}
      >
        {plot && (
          <plot.Plot data={data} heightPx={props.heightPx ?? 220} {...(props.onZoom && { onZoom: props.onZoom })} />
        )}
      </div>
      <Notes data={data} />
      <details className={css['more']} onToggle={(event) => setTable(event.currentTarget.open)}>
        <summary>As a table</summary>
        {isTable && (
          <Table
            caption={`${title}, as a table`}
            rows={data.x
              .slice(-TABLE_ROWS)
              .map((x, index) => ({ x, index: Math.max(0, data.x.length - TABLE_ROWS) + index }))}
            keyOf={(row) => row.index}
            columns={[
              { name: xNames[data.xKind], cell: (row) => shownX(data, row.x) },
              ...data.series.map((series) => ({
                name: series.label,
                isNumber: true,
                cell: (row: { x: number; index: number }) => figure(series.values[row.index]),
              })),
            ]}
          />
        )}
        <div className={css['exports']}>
          <Button onClick={() => save(new Blob([csvOf(data)], { type: 'text/csv' }), `${title}.csv`)}>Save CSV</Button>
          <Button onClick={savePicture}>Save PNG</Button>
          <Button onClick={() => void saveDrawing()}>Save SVG</Button>
        </div>
      </details>
    </figure>
  );
}

function Notes({ data }: { data: ChartData }) {
  if (!data.notes || data.notes.length === 0) return null;
  return (
    <ul className={css['notes']} aria-label="Marked on the chart">
      {data.notes.map((note) => (
        <li key={`${note.at} ${note.label}`}>
          {shownX(data, note.at)}: {note.label}
        </li>
      ))}
    </ul>
  );
}

function shownX(data: ChartData, x: number): string {
  return data.xKind === 'time' ? moment(x) : figure(x);
}

function summary(title: string, data: ChartData): string {
  const [first, last] = [data.x[0] ?? 0, data.x.at(-1) ?? 0];
  // Few lines with all there is to them, many by their names only.
  const told = data.series.filter((series) => !series.isUnnamed || data.series.length <= MOST_TOLD);
  const parts = told.map((series) => {
    const values = series.values.filter((value) => value != null);
    if (values.length === 0) return `${series.label}: nothing`;
    const range = `between ${figure(extreme(values, Math.min))} and ${figure(extreme(values, Math.max))}`;
    return `${series.label}: ${values.length} values ${range}, last ${figure(values.at(-1))}`;
  });
  const limits = (data.limits ?? []).map((limit) => `${limit.label} at ${figure(limit.value)}`);
  return `${title}, from ${shownX(data, first)} to ${shownX(data, last)}. ${[...parts, ...limits].join('. ')}`;
}

const extreme = (values: readonly number[], of: (a: number, b: number) => number): number =>
  values.reduce((found, value) => of(found, value));

/** A colour in words that every program which reads SVG knows. */
function rgbOf(colour: string): string {
  const context = document.createElement('canvas').getContext('2d');
  if (!context) return colour;
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0] = context.getImageData(0, 0, 1, 1).data;
  return `rgb(${red},${green},${blue})`;
}

function csvOf(data: ChartData): string {
  const quoted = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const head = [data.xKind, ...data.series.map((series) => quoted(series.label))].join(',');
  const lines = data.x.map((x, index) => {
    const shown = data.xKind === 'time' ? new Date(x).toISOString() : String(x);
    return [shown, ...data.series.map((series) => series.values[index] ?? '')].join(',');
  });
  return `${[head, ...lines].join('\n')}\n`;
}

function save(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name.replaceAll(/[^\w.-]+/g, '-');
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1_000);
}

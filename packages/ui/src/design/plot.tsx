// The drawing part of a chart, and the only importer of uPlot. Loaded on demand.
import { useEffect, useRef, useState } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { ChartData, Series } from './chart.tsx';
import { figure } from './format.ts';
import { xNames } from './x-names.ts';

interface PlotProps {
  readonly data: ChartData;
  readonly heightPx: number;
  onZoom?(range: readonly [number, number] | null): void;
}

export function Plot({ data, heightPx, onZoom }: PlotProps) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const zoom = useRef(onZoom);
  const theme = useTheme();
  // Built anew where its shape changes; new figures alone only redraw it.
  const shape = JSON.stringify([
    data.series.map((series) => ({ ...series, values: undefined, points: pointsOf(series) })),
    data.limits,
    data.notes,
    [data.xKind, data.isLogX, data.isLogY, data.cursor],
  ]);
  const latest = useRef(data);
  useEffect(() => {
    latest.current = data;
    zoom.current = onZoom;
  }, [data, onZoom]);

  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const width = Math.max(200, element.clientWidth);
    const made = new uPlot(
      options(latest.current, width, heightPx, (range) => zoom.current?.(range)),
      columns(latest.current),
      element,
    );
    chart.current = made;
    const observer = new ResizeObserver(() =>
      made.setSize({ width: Math.max(200, element.clientWidth), height: heightPx }),
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      chart.current = null;
    };
  }, [shape, theme, heightPx]);

  useEffect(() => {
    chart.current?.setData(columns(data));
  }, [data]);
  return <div ref={place} />;
}

function columns(data: ChartData): uPlot.AlignedData {
  return [[...data.x], ...data.series.map((series) => [...series.values])] as uPlot.AlignedData;
}

/** There is nothing between one and the next. */
const WHOLE = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000];

function options(
  data: ChartData,
  width: number,
  height: number,
  onZoom: (range: readonly [number, number] | null) => void,
): uPlot.Options {
  const token = tokens();
  const axis: uPlot.Axis = {
    stroke: token('--text-quiet'),
    grid: { stroke: token('--line'), width: 1 },
    ticks: { stroke: token('--line'), width: 1 },
    font: '12px system-ui, sans-serif',
  };
  return {
    width,
    height,
    ms: 1,
    tzDate: (at) => uPlot.tzDate(new Date(at), 'UTC'),
    scales: {
      x: {
        time: data.xKind === 'time',
        ...(data.isLogX
          ? { distr: 3 as const }
          : { range: (chart: uPlot, low: number, high: number) => withRoom(chart.data[0], data.xKind, [low, high]) }),
      },
      y: data.isLogY ? { distr: 3 } : { range: (_, low, high) => withLimits(data, low, high) },
    },
    cursor: {
      drag: { x: true, y: false },
      points: { size: 6 },
      ...(data.cursor !== undefined && { sync: { key: data.cursor, setSeries: false } }),
    },
    axes: [
      data.xKind === 'trial' ? { ...axis, incrs: WHOLE } : axis,
      { ...axis, size: 62, values: (_, splits) => splits.map((value) => (value === null ? '' : figure(value))) },
    ],
    series: [{ label: xNames[data.xKind] }, ...data.series.map((series, index) => lineOf(series, index, token))],
    bands: bandsOf(data, token),
    hooks: {
      draw: [(chart) => drawMarks(chart, data, token)],
      setSelect: [
        (chart) => {
          const { left, width: selected } = chart.select;
          if (selected > 0) onZoom([chart.posToVal(left, 'x'), chart.posToVal(left + selected, 'x')]);
        },
      ],
      ready: [(chart) => chart.over.addEventListener('dblclick', () => onZoom(null))],
    },
  };
}

/** Dashes differ besides the colours. */
const dashes: readonly (readonly number[])[] = [[], [7, 4], [2, 3], [9, 3, 2, 3]];

function lineOf(series: Series, index: number, token: (name: string) => string): uPlot.Series {
  const hue = (series.hue ?? index) % 8;
  const isEdge = series.bandWith !== undefined;
  const points = pointsOf(series);
  const dash = series.isDashed ? [7, 4] : isEdge ? [] : [...(dashes[Math.floor(index / 2) % dashes.length] ?? [])];
  return {
    label: series.label,
    stroke: series.isPoints ? 'transparent' : token(`--data-${hue + 1}`),
    width: isEdge ? 0.5 : series.isGhost ? 1 : 2,
    ...(series.isGhost && { alpha: 0.35 }),
    ...((series.isUnnamed ?? isEdge) && { class: 'unnamed' }),
    ...(dash.length > 0 && { dash }),
    points: {
      show: points !== 'none',
      size: { none: 0, few: 5, apart: 7, one: 11 }[points],
      stroke: token(`--data-${hue + 1}`),
      fill: points === 'one' ? token(`--data-${hue + 1}`) : token('--surface'),
    },
    spanGaps: false,
    value: (_, value) => figure(value),
  };
}

const MOST_POINTS = 60;

/** How the points of a line are drawn. A single one has no line, and must be seen by itself. */
function pointsOf({ values, isPoints }: Series): 'none' | 'few' | 'apart' | 'one' {
  const count = values.filter((value) => value != null).length;
  if (count === 1) return 'one';
  if (isPoints === true) return 'apart';
  return count <= MOST_POINTS ? 'few' : 'none';
}

/** A single x stands in the middle, not at the edge of a stretch that nothing lies in. */
function withRoom(
  x: ArrayLike<number>,
  xKind: ChartData['xKind'],
  range: [number | null, number | null],
): uPlot.Range.MinMax {
  const only = x[0];
  if (only === undefined || x.length > 1) return range;
  const room = xKind === 'time' ? HALF_DAY_MS : 1;
  return [only - room, only + room];
}

const HALF_DAY_MS = 43_200_000;

function bandsOf(data: ChartData, token: (name: string) => string): uPlot.Band[] {
  return data.series.flatMap((series, index) => {
    const other = data.series.findIndex((candidate) => candidate.label === series.bandWith);
    if (other < 0) return [];
    const colour = token(`--data-${((series.hue ?? index) % 8) + 1}`);
    return [
      { series: [index + 1, other + 1] as uPlot.Band.Bounds, fill: `color-mix(in oklch, ${colour} 16%, transparent)` },
    ];
  });
}

/** The range of y holds the limits too, so that one sees how far they are. */
function withLimits(data: ChartData, low: number | null, high: number | null): uPlot.Range.MinMax {
  const limits = (data.limits ?? []).map((limit) => limit.value);
  const least = Math.min(low ?? Infinity, ...limits);
  const most = Math.max(high ?? -Infinity, ...limits);
  if (!Number.isFinite(least) || !Number.isFinite(most)) return [0, 1];
  const room = (most - least || Math.abs(most) || 1) * 0.08;
  return [least - room, most + room];
}

function drawMarks(chart: uPlot, data: ChartData, token: (name: string) => string): void {
  const { ctx, bbox } = chart;
  const scale = devicePixelRatio;
  ctx.save();
  ctx.font = `${11 * scale}px system-ui, sans-serif`;
  ctx.lineWidth = scale;
  for (const limit of data.limits ?? []) {
    const y = chart.valToPos(limit.value, 'y', true);
    ctx.strokeStyle = ctx.fillStyle = token('--danger');
    ctx.setLineDash([4 * scale, 3 * scale]);
    line(ctx, bbox.left, y, bbox.left + bbox.width, y);
    ctx.textAlign = 'right';
    ctx.fillText(limit.label, bbox.left + bbox.width - 4 * scale, y - 4 * scale);
  }
  ctx.strokeStyle = ctx.fillStyle = token('--text-quiet');
  ctx.setLineDash([2 * scale, 3 * scale]);
  for (const note of data.notes ?? []) {
    const x = chart.valToPos(note.at, 'x', true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    line(ctx, x, bbox.top, x, bbox.top + bbox.height);
    ctx.textAlign = 'left';
    ctx.fillText('▾', x - 4 * scale, bbox.top + 9 * scale);
  }
  ctx.restore();
}

function line(ctx: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number): void {
  ctx.beginPath();
  ctx.moveTo(x1, y1);
  ctx.lineTo(x2, y2);
  ctx.stroke();
}

function tokens(): (name: string) => string {
  const style = getComputedStyle(document.documentElement);
  return (name) => style.getPropertyValue(name).trim();
}

/** Changes when the page's colours do; a canvas does not follow them by itself. */
function useTheme(): string {
  const [theme, setTheme] = useState(currentTheme);
  useEffect(() => {
    const onChange = (): void => setTheme(currentTheme());
    const observer = new MutationObserver(onChange);
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
    const system = matchMedia('(prefers-color-scheme: dark)');
    system.addEventListener('change', onChange);
    return () => {
      observer.disconnect();
      system.removeEventListener('change', onChange);
    };
  }, []);
  return theme;
}

function currentTheme(): string {
  const chosen = document.documentElement.dataset['theme'] ?? 'system';
  return `${chosen} ${matchMedia('(prefers-color-scheme: dark)').matches}`;
}

import { useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { Button } from '../../../design/button.tsx';
import { Choice, SearchField, Toggle } from '../../../design/field.tsx';
import { count, counted } from '../../../design/format.ts';
import { Empty, Halves, Quiet, Row } from '../../../design/page.tsx';
import css from './charts.module.css';
import { MetricChart } from './metric-chart.tsx';
import type { ChartSettings, Drawn } from './series.ts';

/** What an address says of charts. */
export interface ChartSearch {
  readonly x?: 'step' | 'relative' | 'wall';
  readonly smooth?: number;
  readonly log?: boolean;
  readonly logX?: boolean;
  /** Part of a metric's name, or a regular expression. */
  readonly charts?: string;
}

type Change = { readonly [Name in keyof ChartSearch]: ChartSearch[Name] | undefined };

interface MetricChartsProps {
  readonly runs: readonly Drawn[];
  readonly metrics: readonly string[];
  readonly search: ChartSearch;
  onSearch(change: Change): void;
}

/** Charts drawn at first in a section, and with each asking for more. */
const MOST_CHARTS = 60;
/** Sections that are open at first, where there are many charts. */
const OPEN_SECTIONS = 2;

/** A chart of each metric, in sections by the first part of its name; each is made when it comes into sight. */
export function MetricCharts({ runs, metrics, search, onSearch }: MetricChartsProps) {
  const { x = 'step', smooth = 0, log = false, logX = false, charts = '' } = search;
  const settings = useMemo((): ChartSettings => ({ x, smooth, isLogX: logX, isLogY: log }), [x, smooth, log, logX]);
  const matches = useMemo(() => matcherOf(charts), [charts]);
  const found = metrics.filter(matches);
  const sections = useMemo(() => sectionsOf(found), [found]);
  if (metrics.length === 0) {
    return (
      <Empty title="Nothing to draw yet">
        <code>mlflow.log_metric("log_loss", 0.54, step=10)</code>
      </Empty>
    );
  }
  return (
    <div className={css['charts']}>
      <Row>
        <SearchField
          label="Find metrics"
          placeholder="Name or expression"
          value={charts}
          onSearch={(text) => onSearch({ charts: text === '' ? undefined : text })}
        />
        <Choice
          label="Over"
          value={x}
          options={[
            { value: 'step', label: 'step' },
            { value: 'relative', label: 'time since start' },
            { value: 'wall', label: 'wall time' },
          ]}
          onChoose={(axis) => onSearch({ x: axis === 'step' ? undefined : axis })}
        />
        <Smoothing value={smooth} onSet={(value) => onSearch({ smooth: value === 0 ? undefined : value })} />
        <Toggle label="Log y" isOn={log} onSet={(isOn) => onSearch({ log: isOn ? true : undefined })} />
        <Toggle
          label="Log x"
          isOn={logX}
          isDisabled={x === 'wall'}
          onSet={(isOn) => onSearch({ logX: isOn ? true : undefined })}
        />
        <Quiet>{`${count(found.length)} of ${counted(metrics.length, 'metric')}`}</Quiet>
      </Row>
      {found.length === 0 && <Empty title="No metric has such a name">Change or clear the search above.</Empty>}
      {sections.map(([prefix, keys], index) => (
        <ChartSection
          key={prefix}
          title={prefix === '' ? 'Metrics' : prefix}
          keys={keys}
          isOpen={found.length <= MOST_CHARTS || index < OPEN_SECTIONS}
        >
          {(key, widthPx) => <MetricChart runs={runs} metric={key} settings={settings} widthPx={widthPx} />}
        </ChartSection>
      ))}
    </div>
  );
}

function ChartSection(props: {
  title: string;
  keys: readonly string[];
  isOpen: boolean;
  children(key: string, widthPx: number): ReactNode;
}) {
  const [isOpen, setOpen] = useState(props.isOpen);
  const [most, setMost] = useState(MOST_CHARTS);
  return (
    <details className={css['section']} open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <strong>{props.title}</strong> <Quiet>{counted(props.keys.length, 'chart')}</Quiet>
      </summary>
      {isOpen && (
        <>
          <Places isAlone={props.keys.length === 1}>
            {props.keys.slice(0, most).map((key) => (
              <WhenSeen key={key}>{(widthPx) => props.children(key, widthPx)}</WhenSeen>
            ))}
          </Places>
          {props.keys.length > most && (
            <Button onClick={() => setMost(most + MOST_CHARTS)}>{`Show more of ${count(props.keys.length)}`}</Button>
          )}
        </>
      )}
    </details>
  );
}

/** Two beside each other; one alone has all the width. */
function Places({ isAlone, children }: { isAlone: boolean; children: ReactNode }) {
  return isAlone ? children : <Halves>{children}</Halves>;
}

/** Made when it comes near, and kept then. */
function WhenSeen({ children }: { children(widthPx: number): ReactNode }) {
  const place = useRef<HTMLDivElement>(null);
  const [widthPx, setWidth] = useState<number | null>(null);
  useEffect(() => {
    const element = place.current;
    if (!element) return undefined;
    const observer = new IntersectionObserver(
      (entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        setWidth(element.clientWidth);
        observer.disconnect();
      },
      { rootMargin: '200px' },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return (
    <div ref={place} className={css['place']} data-seen={widthPx !== null}>
      {widthPx !== null && children(widthPx)}
    </div>
  );
}

/** A slider that acts when it is let go. */
function Smoothing({ value, onSet }: { value: number; onSet(value: number): void }) {
  const [shown, setShown] = useState(value);
  const [given, setGiven] = useState(value);
  if (given !== value) {
    setGiven(value);
    setShown(value);
  }
  return (
    <label className={css['smooth']}>
      Smooth
      <input
        type="range"
        min={0}
        max={0.99}
        step={0.01}
        value={shown}
        onChange={(event) => setShown(Number(event.target.value))}
        onPointerUp={() => onSet(shown)}
        onKeyUp={() => onSet(shown)}
      />
      <output>{shown.toFixed(2)}</output>
    </label>
  );
}

/** A regular expression, or plain text where it is none. */
function matcherOf(text: string): (key: string) => boolean {
  try {
    const pattern = new RegExp(text, 'i');
    return (key) => pattern.test(key);
  } catch {
    return (key) => key.toLowerCase().includes(text.toLowerCase());
  }
}

/** By everything before the first slash; those without one first, what the machine measured of itself last. */
function sectionsOf(keys: readonly string[]): (readonly [string, readonly string[]])[] {
  const sections = new Map<string, string[]>();
  for (const key of keys) {
    const prefix = key.includes('/') ? key.slice(0, key.indexOf('/') + 1) : '';
    sections.set(prefix, [...(sections.get(prefix) ?? []), key]);
  }
  const rank = (prefix: string): number => (prefix === '' ? 0 : prefix === 'system/' ? 2 : 1);
  return [...sections].toSorted(([a], [b]) => rank(a) - rank(b) || a.localeCompare(b, 'en', { numeric: true }));
}

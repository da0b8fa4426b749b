import { useState } from 'react';
import type { MonitorWindow } from '../../app/replies.ts';
import { count, figure, moment } from '../../design/format.ts';
import { HeatMap, type HeatRow } from '../../design/heat-map.tsx';
import { Facts, Quiet, Section } from '../../design/page.tsx';

type Column = MonitorWindow['columns'][number];

/** Jensen–Shannon distance that gets the strongest colour. */
const STRONGEST = 0.5;

/** Feature by window: how far each is from the training data. A cell, chosen, tells its figures. */
export function DriftMap({ windows }: { windows: readonly MonitorWindow[] }) {
  const [chosen, setChosen] = useState<{ row: string; column: string } | null>(null);
  const names = [...new Set(windows.toReversed().flatMap(({ columns }) => columns.map(({ column }) => column)))];
  if (names.length === 0) return null;
  const window = windows.find(({ from }) => String(from) === chosen?.column);
  const column = window?.columns.find((each) => each.column === chosen?.row);
  return (
    <Section title="Distance from the training data" note="Jensen–Shannon distance, 0 to 1, by window of event time">
      <HeatMap
        caption="Distance of each feature from the training data, by window"
        rowName="Feature"
        columns={windows.map(({ from }) => ({
          key: String(from),
          label: day(from),
          title: `window from ${moment(from)}`,
        }))}
        rows={names.map((name): HeatRow => ({
          key: name,
          label: name,
          cells: windows.map((each) => cellOf(each, name)),
        }))}
        most={STRONGEST}
        chosen={chosen}
        onChoose={(row, at) => setChosen({ row, column: at })}
      />
      {window && column ? (
        <Chosen window={window} column={column} />
      ) : (
        <Quiet>Choose a cell to see its figures. ▲ marks an alarm.</Quiet>
      )}
    </Section>
  );
}

function Chosen({ window, column }: { window: MonitorWindow; column: Column }) {
  return (
    <Facts
      items={[
        ['Feature', column.column],
        ['Window', `${moment(window.from)} to ${moment(window.before)}`],
        ['Distance', `${figure(column.effect)} (Jensen–Shannon, base 2)`],
        ['Test', `${column.test.replace('-', ' ')}: p ${figure(column.pValue)}, adjusted ${figure(column.adjusted)}`],
        [
          'Rows',
          `${count(column.rows)} against ${count(column.referenceRows)} of the training of version ${window.modelVersion ?? '–'}`,
        ],
      ]}
    />
  );
}

function cellOf({ columns }: MonitorWindow, name: string) {
  const column = columns.find((each) => each.column === name);
  if (!column) return null;
  const isRaised = column.verdict === 'drifted';
  return { value: column.effect, isRaised, title: `${figure(column.effect)}${isRaised ? ', drifted' : ''}` };
}

/** `Apr 8`. */
function day(ms: number): string {
  return new Date(ms).toLocaleDateString('en', { month: 'short', day: 'numeric', timeZone: 'UTC' });
}

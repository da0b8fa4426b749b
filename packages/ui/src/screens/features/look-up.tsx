import { useState } from 'react';
import { api, useRead } from '../../app/api.ts';
import type { FeatureViewReply, Reply } from '../../app/replies.ts';
import { Command } from '../../design/copy.tsx';
import { SearchField } from '../../design/field.tsx';
import { moment } from '../../design/format.ts';
import { Quiet, Stack } from '../../design/page.tsx';
import { Failure } from '../../design/problem.tsx';
import { State, type Tone } from '../../design/state.tsx';
import { Table } from '../../design/table.tsx';

type Answer = Reply<typeof api.features.online>;
type Status = Answer['rows'][number]['statuses'][number];
type EntityValue = string | number | boolean | null;

const statuses: Readonly<Record<Status, readonly [Tone, string]>> = {
  PRESENT: ['success', 'present'],
  NULL_VALUE: ['neutral', 'no value'],
  NOT_FOUND: ['unknown', 'no such entity'],
  OUTSIDE_MAX_AGE: ['attention', 'too old to count'],
};

/** Asks the online store for an entity, as a model's caller would. */
export function LookUp({ project, view }: { project: string; view: FeatureViewReply }) {
  const [text, setText] = useState('');
  const body = (values: readonly string[]) => ({
    features: [view.name],
    entities: Object.fromEntries(
      view.entities.map(({ name, type }, index) => [name, [typed((values[index] ?? '').trim(), type)]]),
    ),
  });
  const asked = { params: { project }, body: body(text.split(',')) };
  const { data: answer, error } = useRead(api.features.online, asked, { isEnabled: text !== '', isKept: true });
  const names = view.entities.map(({ name }) => name);
  const row = answer?.rows[0];
  return (
    <Stack>
      <SearchField
        label={`Values of ${names.join(', ')}`}
        value={text}
        placeholder={names.join(', ')}
        onSearch={setText}
      />
      {error !== null && <Failure error={error} />}
      {answer && row ? (
        <Table
          caption="Features"
          rows={answer.featureNames.map((name, index) => ({
            name,
            value: row.values[index] ?? null,
            status: row.statuses[index] ?? 'NOT_FOUND',
            at: row.eventTimes[index] ?? null,
          }))}
          keyOf={(feature) => feature.name}
          columns={[
            { name: 'Feature', cell: (feature) => feature.name },
            { name: 'Value', isNumber: true, cell: (feature) => JSON.stringify(feature.value) },
            {
              name: 'State',
              cell: ({ status }) => <State tone={statuses[status][0]}>{statuses[status][1]}</State>,
            },
            { name: 'Event time', isWhole: true, cell: ({ at }) => (at === null ? '' : moment(at)) },
          ]}
        />
      ) : (
        <Quiet>{`Type a value${names.length > 1 ? ' of each, with commas between' : ''} and press Enter.`}</Quiet>
      )}
      <Command>
        {`curl ${location.origin}/api/v1/projects/${project}/online-features \\\n  -H 'content-type: application/json' \\\n  -d '${JSON.stringify(asked.body)}'`}
      </Command>
    </Stack>
  );
}

function typed(text: string, type: string): EntityValue {
  if (text === '') return null;
  if ((type === 'integer' || type === 'number') && Number.isSafeInteger(Number(text))) return Number(text);
  if (type === 'number') return Number(text);
  return type === 'boolean' ? text === 'true' : text;
}

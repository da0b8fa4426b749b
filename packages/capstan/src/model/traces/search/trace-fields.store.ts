// What a filter on traces may name, and which rows that is.
import { sql, type RawBuilder } from 'kysely';
import {
  nullOperators,
  numberOperators,
  textOperators,
  type Columns,
  type Dialect,
  type SearchEntity,
  type SearchField,
} from '#database';
import type { Comparison, Filter, KeyPath } from '#kernel/filter/ast';
import { isNumberText } from '#kernel/filter/number-text';
import { refusal, shortened } from '#kernel/filter/place';
import { SOURCE_RUN } from '../model.ts';

/** As MLflow has it for traces alone. */
const texts = [...textOperators, 'RLIKE'] as const;
const end = sql`(t.started_at + coalesce(t.duration_ms, 0))`;

export const ATTRIBUTE = ['attribute', 'attributes', 'trace'];
export const TAG = ['tag', 'tags'];
export const METADATA = ['metadata', 'request_metadata'];
const SPAN_ATTRIBUTE = 'span.attributes';

export const numberAttributes: Columns = {
  timestamp: sql`t.started_at`,
  timestamp_ms: sql`t.started_at`,
  execution_time: sql`t.duration_ms`,
  execution_time_ms: sql`t.duration_ms`,
  end_time: end,
  end_time_ms: end,
};

export const textAttributes: Columns = {
  name: sql`t.name`,
  status: sql`t.status`,
  request_id: sql`t.id`,
  trace_id: sql`t.id`,
  client_request_id: sql`t.client_request_id`,
};

const spanColumns: Columns = { name: sql`s.name`, type: sql`s.type`, status: sql`s.status` };

/** All that was said of a span, for searches in its text. */
const spanText = sql`(s.name || ' ' || s.attributes || ' ' || s.events || ' ' || s.status_message)`;

/** What a search of traces may compare; for filters that `withSpanAttributes` has gone over. */
export function traceEntities(dialect: Dialect): SearchEntity[] {
  return [
    {
      names: ATTRIBUTE,
      isDefault: true,
      keys: [...Object.keys(numberAttributes), ...Object.keys(textAttributes), 'run_id', 'prompt', 'text'],
      field: attributeField,
    },
    { names: TAG, field: (key) => textField('tag', sql`trace_tags`, key) },
    {
      names: METADATA,
      field: (key) => (key === SOURCE_RUN ? runField : textField('metadata', sql`trace_metadata`, key)),
    },
    {
      names: ['span'],
      keys: [...Object.keys(spanColumns), 'content', 'attributes.NAME'],
      refusal: (key) =>
        `Invalid span attribute '${key}'. Supported attributes: name, status, type, attributes.<attribute_name>, content`,
      field: (key) => {
        if (key === 'content') return ofSpan('span.content', ['LIKE', 'ILIKE'], spanText);
        const column = spanColumns[key];
        return column && ofSpan(`span.${key}`, texts, column);
      },
    },
    {
      names: [SPAN_ATTRIBUTE],
      // The JSON of a text without its quotes; of anything else as it is.
      field: (key) =>
        ofSpan(`span.attributes.${key}`, texts, sql`trim(${dialect.jsonText(sql`s.attributes`, key)}, '"')`),
    },
    { names: ['feedback'], field: (key) => assessmentField('feedback', key) },
    { names: ['expectation'], field: (key) => assessmentField('expectation', key) },
    { names: ['issue'], keys: ['id'], field: () => issueField },
  ];
}

/** The filter with `span.attributes` as what stands before the key, however it was quoted. */
export function withSpanAttributes(filter: Filter): Filter {
  switch (filter.kind) {
    case 'comparison':
      return { ...filter, path: spanPath(filter.path) };
    case 'not':
      return { kind: 'not', part: withSpanAttributes(filter.part) };
    case 'and':
    case 'or':
      return { kind: filter.kind, parts: filter.parts.map(withSpanAttributes) };
  }
}

function spanPath(path: KeyPath): KeyPath {
  const prefix = 'attributes.';
  if (path.entity !== 'span' || !path.key.startsWith(prefix) || path.key === prefix) return path;
  return { ...path, entity: SPAN_ATTRIBUTE, key: path.key.slice(prefix.length) };
}

function attributeField(key: string): SearchField | undefined {
  const number = numberAttributes[key];
  if (number) {
    return {
      label: `attribute ${key}`,
      type: 'number',
      operators: numberOperators,
      expression: number,
      isLenient: true,
    };
  }
  const text = textAttributes[key];
  if (text) return { label: `attribute ${key}`, type: 'text', operators: texts, expression: text };
  if (key === 'run_id') return runField;
  return key === 'prompt' ? promptField : ofSpan('trace.text', ['LIKE', 'ILIKE'], spanText);
}

function textField(label: string, table: RawBuilder<unknown>, key: string): SearchField {
  return {
    label,
    type: 'text',
    operators: [...texts, ...nullOperators],
    expression: sql`x.value`,
    within: (condition) =>
      sql`exists (select 1 from ${table} x where x.trace_key = t.key and x.key = ${key} and ${condition})`,
  };
}

/** The run that a trace says it belongs to, and those it was linked to afterwards. */
const runField: SearchField = {
  label: 'run_id',
  type: 'text',
  operators: [...texts, ...nullOperators],
  expression: sql`x.value`,
  within: (condition) => sql`exists (select 1 from (
    select m.value from trace_metadata m where m.trace_key = t.key and m.key = ${SOURCE_RUN}
    union all
    select l.target as value from trace_links l where l.trace_key = t.key and l.kind = 'run') x where ${condition})`,
};

const promptField: SearchField = {
  label: 'prompt',
  type: 'text',
  operators: texts,
  expression: sql`l.target`,
  within: (condition) =>
    sql`exists (select 1 from trace_links l where l.trace_key = t.key and l.kind = 'prompt' and ${condition})`,
  decide: ({ operator, value, place }) => {
    const format = 'prompt = "name/version"';
    if (operator !== '=') {
      const reason = `Invalid comparator '${operator}' for prompts filter. Only '=' is supported with format: ${format}`;
      throw refusal(place, reason);
    }
    if (value.kind !== 'string' || value.text.split('/').length === 2) return undefined;
    throw refusal(value.place, `Invalid prompts filter value '${shortened(value.text)}'. Expected format: ${format}`);
  },
};

function ofSpan(label: string, operators: SearchField['operators'], expression: RawBuilder<unknown>): SearchField {
  return { label, type: 'text', operators, expression, sharedRow: someSpan };
}

function someSpan(condition: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`exists (select 1 from spans s where s.trace_key = t.key and ${condition})`;
}

const orderSymbols = { '>': sql`>`, '>=': sql`>=`, '<': sql`<`, '<=': sql`<=` } as const;

/** An assessment of the trace, or of the session that the trace belongs to. */
function assessmentField(kind: 'feedback' | 'expectation', name: string): SearchField {
  const isTold = sql`a.kind = ${kind} and a.name = ${name} and a.is_valid = 1`;
  const within = (condition: RawBuilder<unknown>) => sql`(
    exists (select 1 from assessments a where a.trace_key = t.key and ${isTold} and ${condition})
    or (t.session_id is not null and exists (
      select 1 from traces o join assessments a on a.trace_key = o.key
       where o.session_id = t.session_id and o.experiment_id = t.experiment_id and a.is_of_session = 1
         and ${isTold} and ${condition})))`;
  return {
    label: kind,
    type: 'text',
    operators: [...texts, '>', '>=', '<', '<=', ...nullOperators],
    expression: sql`a.value_text`,
    isLenient: true,
    within,
    decide: (comparison) => {
      const condition = numberCondition(comparison);
      return condition && within(condition);
    },
  };
}

/** Greater and less are for numbers only. */
function numberCondition({ operator, value }: Comparison): RawBuilder<unknown> | undefined {
  if (!(operator in orderSymbols)) return undefined;
  const text = value.kind === 'number' || value.kind === 'string' ? value.text : '';
  if (!isNumberText(text)) {
    throw refusal(value.place, `Expected a numeric value when using comparator '${operator}'`);
  }
  const symbol = orderSymbols[operator as keyof typeof orderSymbols];
  return sql`a.is_number = 1 and a.value_number ${symbol} ${Number(text)}`;
}

const issueField: SearchField = {
  label: 'issue.id',
  type: 'text',
  operators: ['='],
  expression: sql`a.name`,
  within: (condition) =>
    sql`exists (select 1 from assessments a where a.trace_key = t.key and a.kind = 'issue' and ${condition})`,
};

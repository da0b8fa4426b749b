// What a filter on traces may name, and which rows that is.
import { sql, type RawBuilder } from 'kysely';
import {
  listOperators,
  nullOperators,
  numberOperators,
  refusal,
  textOperators,
  type Dialect,
  type SearchField,
} from '#database';
import type { Comparison } from '#kernel/filter/parse-filter';
import { SOURCE_RUN } from '../model.ts';

const end = sql`(t.started_at + coalesce(t.duration_ms, 0))`;

export const numberAttributes: Readonly<Record<string, RawBuilder<unknown>>> = {
  timestamp: sql`t.started_at`,
  timestamp_ms: sql`t.started_at`,
  execution_time: sql`t.duration_ms`,
  execution_time_ms: sql`t.duration_ms`,
  end_time: end,
  end_time_ms: end,
};

export const textAttributes: Readonly<Record<string, RawBuilder<unknown>>> = {
  name: sql`t.name`,
  status: sql`t.status`,
  request_id: sql`t.id`,
  trace_id: sql`t.id`,
  client_request_id: sql`t.client_request_id`,
};

/** What else may be asked of a trace by a bare key. */
const otherAttributes = ['run_id', 'prompt', 'text'];

const spanColumns: Readonly<Record<string, RawBuilder<unknown>>> = {
  name: sql`s.name`,
  type: sql`s.type`,
  status: sql`s.status`,
};

/** All that was said of a span, for searches in its text. */
const spanText = sql`(s.name || ' ' || s.attributes || ' ' || s.events || ' ' || s.status_message)`;

const lists = [...textOperators, ...listOperators];
const nullable = [...textOperators, ...nullOperators];

/** The field that a clause is about. @throws DomainError INVALID_ARGUMENT for a key that nothing has */
export function traceField(dialect: Dialect, comparison: Comparison): SearchField {
  const { entity = 'attribute', key } = comparison.path;
  switch (entity) {
    case 'attribute':
    case 'attributes':
    case 'trace':
      return attributeField(comparison);
    case 'tag':
    case 'tags':
      return textField('tag', sql`trace_tags`, key);
    case 'metadata':
    case 'request_metadata':
      return key === SOURCE_RUN ? runField() : textField('request_metadata', sql`trace_metadata`, key);
    case 'span':
      return spanField(dialect, comparison, key);
    case 'span.attributes':
      return spanField(dialect, comparison, `attributes.${key}`);
    case 'feedback':
    case 'expectation':
      return assessmentField(entity, comparison);
    case 'issue':
      return issueField(comparison);
    default:
      throw refusal(
        comparison,
        `Invalid entity type '${entity}'. Valid values are attribute, trace, tag, metadata, span, feedback, expectation, issue`,
      );
  }
}

/** Every key that a bare name or `attributes.` may have. */
function attributeNames(): string {
  return [...Object.keys(numberAttributes), ...Object.keys(textAttributes), ...otherAttributes].join(', ');
}

function attributeField(comparison: Comparison): SearchField {
  const { key } = comparison.path;
  const number = numberAttributes[key];
  if (number) return { label: `attribute ${key}`, type: 'number', operators: numberOperators, expression: number };
  const text = textAttributes[key];
  if (text) return { label: `attribute ${key}`, type: 'text', operators: lists, expression: text };
  switch (key) {
    case 'run_id':
      return runField();
    case 'prompt':
      return promptField(comparison);
    case 'text':
      return ofSpan('trace.text', ['LIKE', 'ILIKE'], spanText);
    default:
      throw refusal(comparison, `Invalid attribute key '${key}' specified. Valid keys are ${attributeNames()}`);
  }
}

function textField(label: string, table: RawBuilder<unknown>, key: string): SearchField {
  return {
    label,
    type: 'text',
    operators: nullable,
    expression: sql`x.value`,
    within: (condition) =>
      sql`exists (select 1 from ${table} x where x.trace_key = t.key and x.key = ${key} and ${condition})`,
  };
}

/** The run that a trace says it belongs to, and those it was linked to afterwards. */
function runField(): SearchField {
  return {
    label: 'run_id',
    type: 'text',
    operators: [...lists, ...nullOperators],
    expression: sql`x.value`,
    within: (condition) => sql`exists (select 1 from (
      select m.value from trace_metadata m where m.trace_key = t.key and m.key = ${SOURCE_RUN}
      union all
      select l.target as value from trace_links l where l.trace_key = t.key and l.kind = 'run') x where ${condition})`,
  };
}

function promptField(comparison: Comparison): SearchField {
  const { value } = comparison;
  if (value.kind === 'string' && value.text.split('/').length !== 2) {
    throw refusal(comparison, `Invalid prompts filter value '${value.text}'. Expected format: prompt = "name/version"`);
  }
  return {
    label: 'prompt',
    type: 'text',
    operators: ['='],
    expression: sql`l.target`,
    within: (condition) =>
      sql`exists (select 1 from trace_links l where l.trace_key = t.key and l.kind = 'prompt' and ${condition})`,
  };
}

function spanField(dialect: Dialect, comparison: Comparison, key: string): SearchField {
  if (key === 'content') return ofSpan('span.content', ['LIKE', 'ILIKE'], spanText);
  if (key.startsWith('attributes.') && key !== 'attributes.') {
    const attribute = dialect.jsonText(sql`s.attributes`, key.slice('attributes.'.length));
    // The JSON of a text without its quotes; of anything else as it is.
    return ofSpan(`span.${key}`, lists, sql`trim(${attribute}, '"')`);
  }
  const column = spanColumns[key];
  if (column) return ofSpan(`span.${key}`, lists, column);
  throw refusal(
    comparison,
    `Invalid span attribute '${key}'. Supported attributes: name, status, type, content, attributes.<attribute_name>.`,
  );
}

function ofSpan(label: string, operators: SearchField['operators'], expression: RawBuilder<unknown>): SearchField {
  return {
    label,
    type: 'text',
    operators,
    expression,
    within: (condition) => sql`exists (select 1 from spans s where s.trace_key = t.key and ${condition})`,
  };
}

const orderOperators: readonly string[] = ['>', '>=', '<', '<='];

/** An assessment of the trace, or of the session that the trace belongs to. */
function assessmentField(kind: 'feedback' | 'expectation', { path, operator }: Comparison): SearchField {
  const isOrder = orderOperators.includes(operator);
  const isTold = sql`a.kind = ${kind} and a.name = ${path.key} and a.is_valid = 1`;
  return {
    label: kind,
    type: isOrder ? 'number' : 'text',
    operators: [...numberOperators, 'LIKE', 'ILIKE', ...nullOperators],
    expression: isOrder ? sql`(case when a.is_number = 1 then a.value_number end)` : sql`a.value_text`,
    within: (condition) => sql`(
      exists (select 1 from assessments a where a.trace_key = t.key and ${isTold} and ${condition})
      or (t.session_id is not null and exists (
        select 1 from traces o join assessments a on a.trace_key = o.key
         where o.session_id = t.session_id and o.experiment_id = t.experiment_id and a.is_of_session = 1
           and ${isTold} and ${condition})))`,
  };
}

function issueField(comparison: Comparison): SearchField {
  if (comparison.path.key !== 'id') {
    throw refusal(comparison, `Invalid issue attribute '${comparison.path.key}'. Supported attributes: id`);
  }
  return {
    label: 'issue.id',
    type: 'text',
    operators: ['='],
    expression: sql`a.name`,
    within: (condition) =>
      sql`exists (select 1 from assessments a where a.trace_key = t.key and a.kind = 'issue' and ${condition})`,
  };
}

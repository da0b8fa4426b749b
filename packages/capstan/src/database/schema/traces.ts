/** One request through an application, as MLflow means traces. `key` is what spans and tags refer to. */
export interface TracesTable {
  key: number;
  /** `tr-` and 32 hex digits, or what an old client was given. */
  id: string;
  experiment_id: number;
  client_request_id: string | null;
  request_preview: string | null;
  response_preview: string | null;
  started_at: number;
  duration_ms: number | null;
  status: 'STATE_UNSPECIFIED' | 'OK' | 'ERROR' | 'IN_PROGRESS';
  /** 1 once a client has said what the whole trace is like: spans that come later change none of it. */
  is_finalized: number;
  /** Copies of the tag and the metadata of these meanings, to be grouped by and counted. */
  name: string | null;
  session_id: string | null;
  input_tokens: number | null;
  output_tokens: number | null;
  total_tokens: number | null;
  cache_read_input_tokens: number | null;
  cache_creation_input_tokens: number | null;
  input_cost: number | null;
  output_cost: number | null;
  total_cost: number | null;
}

export interface TraceTextTable {
  trace_key: number;
  key: string;
  value: string;
}

/** What else a trace belongs to: runs by id, prompt versions as `NAME/VERSION`. */
export interface TraceLinksTable {
  trace_key: number;
  kind: 'run' | 'prompt';
  target: string;
}

/** A run linked to a trace that has not come yet. */
export interface EarlyTraceLinksTable {
  trace_id: string;
  run_id: string;
  linked_at: number;
}

/** `started_ns` and `ended_ns` are 64-bit nanoseconds since 1970: select them as text. */
export interface SpansTable {
  trace_key: number;
  /** 16 hex digits. */
  span_id: string;
  parent_id: string | null;
  name: string;
  type: string | null;
  status: 'UNSET' | 'OK' | 'ERROR';
  status_message: string;
  started_ns: number | bigint;
  ended_ns: number | bigint | null;
  /** JSON object of JSON texts: the type of each value is kept. */
  attributes: string;
  /** JSON lists. */
  events: string;
  links: string;
  /** JSON object of token counts, where the span reports any. */
  usage: string | null;
  input_cost: number | null;
  output_cost: number | null;
  total_cost: number | null;
  model_name: string | null;
  model_provider: string | null;
}

/** What somebody, or a judge, or code says of a trace: feedback, or what was expected. */
export interface AssessmentsTable {
  /** `a-` and 32 hex digits. */
  id: string;
  trace_key: number;
  kind: 'feedback' | 'expectation' | 'issue';
  name: string;
  /** JSON. */
  value: string;
  /** As filters compare it: the text of a text, JSON of anything else. */
  value_text: string;
  /** As averages take it: numbers; 1 and 0 for yes and no, true and false. */
  value_number: number | null;
  /** 1 where the value itself is a number. */
  is_number: number;
  /** JSON object. */
  error: string | null;
  rationale: string | null;
  source_type: 'SOURCE_TYPE_UNSPECIFIED' | 'HUMAN' | 'LLM_JUDGE' | 'CODE';
  source_id: string | null;
  span_id: string | null;
  /** JSON object of texts. */
  metadata: string;
  /** 1 where it is about the whole session of the trace. */
  is_of_session: number;
  /** Id of the one it stands in for. */
  overrides: string | null;
  /** 0 once another one stands in for it. */
  is_valid: number;
  created_at: number;
  updated_at: number;
}

export interface TracesSchema {
  traces: TracesTable;
  trace_tags: TraceTextTable;
  trace_metadata: TraceTextTable;
  trace_links: TraceLinksTable;
  early_trace_links: EarlyTraceLinksTable;
  spans: SpansTable;
  assessments: AssessmentsTable;
}

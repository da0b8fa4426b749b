// What other instrumentations call the things MLflow has names for. Sources: OpenInference's semantic conventions,
// OpenTelemetry's for generative AI, Traceloop's OpenLLMetry, Vercel's AI SDK, Google's ADK, Langfuse.

export interface Convention {
  /** Attribute that says the kind of step, and MLflow's word for each kind. */
  readonly kindKey?: string;
  readonly kinds?: Readonly<Record<string, string>>;
  readonly inputTokens?: string;
  readonly outputTokens?: string;
  readonly totalTokens?: string;
  readonly cacheRead?: string;
  readonly cacheCreation?: readonly string[];
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
  readonly models?: readonly string[];
  readonly provider?: string;
  readonly tools?: readonly string[];
}

const sameWord = (...kinds: readonly string[]) => Object.fromEntries(kinds.map((kind) => [kind, kind]));

/** The first that knows a thing says it. */
export const conventions: readonly Convention[] = [
  {
    kindKey: 'openinference.span.kind',
    kinds: sameWord(
      'TOOL',
      'CHAIN',
      'LLM',
      'RETRIEVER',
      'EMBEDDING',
      'AGENT',
      'RERANKER',
      'UNKNOWN',
      'GUARDRAIL',
      'EVALUATOR',
    ),
    inputTokens: 'llm.token_count.prompt',
    outputTokens: 'llm.token_count.completion',
    totalTokens: 'llm.token_count.total',
    cacheRead: 'llm.token_count.prompt_details.cache_read',
    cacheCreation: ['llm.token_count.prompt_details.cache_write'],
    inputs: ['input.value'],
    outputs: ['output.value'],
    models: ['llm.response.model_name', 'llm.model_name', 'llm.request.model_name', 'embedding.model_name'],
    provider: 'llm.provider',
  },
  {
    kindKey: 'gen_ai.operation.name',
    kinds: {
      chat: 'CHAT_MODEL',
      create_agent: 'AGENT',
      embeddings: 'EMBEDDING',
      execute_tool: 'TOOL',
      generate_content: 'LLM',
      invoke_agent: 'AGENT',
      text_completion: 'LLM',
      response: 'LLM',
    },
    inputTokens: 'gen_ai.usage.input_tokens',
    outputTokens: 'gen_ai.usage.output_tokens',
    cacheRead: 'gen_ai.usage.cache_read.input_tokens',
    cacheCreation: ['gen_ai.usage.cache_write.input_tokens', 'gen_ai.usage.cache_creation.input_tokens'],
    inputs: ['gen_ai.input.messages', 'gen_ai.tool.call.arguments'],
    outputs: ['gen_ai.output.messages', 'gen_ai.tool.call.result'],
    models: ['gen_ai.response.model', 'gen_ai.request.model'],
    provider: 'gen_ai.provider.name',
    tools: ['gen_ai.tool.definitions'],
  },
  {
    kindKey: 'traceloop.span.kind',
    kinds: { workflow: 'WORKFLOW', task: 'TASK', agent: 'AGENT', tool: 'TOOL', unknown: 'UNKNOWN' },
    inputTokens: 'gen_ai.usage.prompt_tokens',
    outputTokens: 'gen_ai.usage.completion_tokens',
    totalTokens: 'llm.usage.total_tokens',
    inputs: ['traceloop.entity.input'],
    outputs: ['traceloop.entity.output'],
    provider: 'gen_ai.system',
  },
  {
    inputs: ['gcp.vertex.agent.llm_request', 'gcp.vertex.agent.tool_call_args'],
    outputs: ['gcp.vertex.agent.llm_response', 'gcp.vertex.agent.tool_response'],
  },
  {
    inputs: ['ai.prompt', 'ai.prompt.messages', 'ai.toolCall.args'],
    outputs: ['ai.response.text', 'ai.response.object', 'ai.toolCall.result'],
  },
  { inputs: ['langfuse.observation.input'], outputs: ['langfuse.observation.output'] },
];

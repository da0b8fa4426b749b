// The line that a list shows of what went in and what came out. Pure.

const LONGEST_PREVIEW = 1_000;

/** The last message of the role where the JSON holds a conversation, else the text itself; cut to 1,000 characters. */
export function previewOf(json: string, role: 'user' | 'assistant'): string {
  const text = lastMessage(json, role) || json;
  return text.length <= LONGEST_PREVIEW ? text : `${text.slice(0, LONGEST_PREVIEW - 3).toWellFormed()}...`;
}

function lastMessage(json: string, role: string): string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    return '';
  }
  const messages = messagesIn(parsed, 0);
  return textOf((messages.findLast((message) => message['role'] === role) ?? messages.at(-1))?.['content']);
}

type Message = Readonly<Record<string, unknown>>;

/** As OpenAI's chat and responses APIs and MLflow's responses agent write them. */
function messagesIn(value: unknown, depth: number): Message[] {
  if (!isObject(value)) return [];
  for (const key of ['messages', 'input', 'output']) {
    const list = value[key];
    if (Array.isArray(list) && list.length > 0) return list.filter(isMessage);
    if (key === 'messages' && Array.isArray(value['choices'])) {
      const first: unknown = value['choices'][0];
      if (isObject(first) && isMessage(first['message'])) return [first['message']];
    }
  }
  return depth < 3 ? messagesIn(value['request'], depth + 1) : [];
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  for (const part of content as unknown[]) {
    if (typeof part === 'string') return part;
    if (isObject(part) && (part['type'] === 'text' || part['type'] === 'output_text')) {
      return typeof part['text'] === 'string' ? part['text'] : '';
    }
  }
  return '';
}

function isMessage(value: unknown): value is Message {
  return isObject(value) && 'role' in value && 'content' in value;
}

function isObject(value: unknown): value is Message {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

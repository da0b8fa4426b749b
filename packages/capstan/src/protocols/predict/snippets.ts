import { escapeHtml } from '#http';

export interface Snippet {
  readonly title: string;
  readonly code: string;
}

/** How to ask with what people have: `url` takes `{"rows": rows}`. */
export function snippets(url: string, rows: unknown): readonly Snippet[] {
  return [
    {
      title: 'curl',
      code: `curl ${shellQuoted(url)} \\
  -H 'content-type: application/json' \\
  -d ${shellQuoted(literal({ rows }, JSON_WORDS, 2))}`,
    },
    {
      title: 'Python',
      code: `import requests

answer = requests.post(
    ${JSON.stringify(url)},
    json=${literal({ rows }, PYTHON, 4)},
    timeout=10,
)
answer.raise_for_status()
for prediction in answer.json()["predictions"]:
    print(prediction["id"], prediction["outputs"])`,
    },
    {
      title: 'TypeScript',
      code: `const answer = await fetch(${JSON.stringify(url)}, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(${literal({ rows }, JSON_WORDS, 2)}),
});
if (!answer.ok) throw new Error((await answer.json()).detail);
const { predictions } = await answer.json();`,
    },
  ];
}

export function snippetHtml({ title, code }: Snippet): string {
  return `<h3>${escapeHtml(title)}</h3><pre tabindex="0" role="region" aria-label="${escapeHtml(title)}"><code>${escapeHtml(code)}</code></pre>`;
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

interface Words {
  readonly true: string;
  readonly false: string;
  readonly null: string;
  /** After the last of several lines. */
  readonly end: string;
}

const JSON_WORDS: Words = { true: 'true', false: 'false', null: 'null', end: '' };
const PYTHON: Words = { true: 'True', false: 'False', null: 'None', end: ',' };
const LINE_LENGTH = 80;

/** A value of JSON in the words of a language, on one line where it fits; JSON's texts are Python's and JavaScript's too. */
function literal(value: unknown, words: Words, indent = 0): string {
  if (typeof value !== 'object' || value === null) {
    return value === null ? words.null : typeof value === 'boolean' ? words[`${value}`] : JSON.stringify(value);
  }
  const inner = ' '.repeat(indent + 2);
  const parts = Array.isArray(value)
    ? value.map((member) => literal(member, words, indent + 2))
    : Object.entries(value).map(([key, member]) => `${JSON.stringify(key)}: ${literal(member, words, indent + 2)}`);
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  const line = `${open}${parts.join(', ')}${close}`;
  if (line.length + indent <= LINE_LENGTH && !line.includes('\n')) return line;
  return `${open}\n${inner}${parts.join(`,\n${inner}`)}${words.end}\n${' '.repeat(indent)}${close}`;
}

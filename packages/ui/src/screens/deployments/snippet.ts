// A request written down as code that runs when it is pasted.
import { Fill } from './example-request.ts';

export type Language = 'curl' | 'python' | 'typescript';

/** @param url whole address of the request */
export function snippet(language: Language, url: string, body: object): string {
  return { curl, python, typescript }[language](url, body);
}

/** How a language writes what JSON writes its own way. */
interface Words {
  readonly true: string;
  readonly false: string;
  readonly null: string;
  fill(fill: Fill): string;
}

const JSON_WORDS = { true: 'true', false: 'false', null: 'null' };
/** Stands in the text where values come from a command; no text of JSON holds it unescaped. */
const GAP = '\u0000';

function curl(url: string, body: object): string {
  const fills: Fill[] = [];
  const text = written(body, {
    ...JSON_WORDS,
    fill: (fill) => {
      fills.push(fill);
      return `[${GAP}]`;
    },
  });
  const send = (data: string): string => `curl ${url} \\\n  -H 'content-type: application/json' \\\n  -d ${data}`;
  if (fills.length === 0) return send(quoted(text));
  const [start = '', ...rest] = text.split(GAP);
  const parts = rest.flatMap((part, index) => {
    const fill = fills[index];
    const values = fill && `yes ${quoted(JSON.stringify(fill.value))} | head -n ${fill.count} | paste -sd, -`;
    return [values ?? '', `printf %s ${quoted(part)}`];
  });
  return `{ ${[`printf %s ${quoted(start)}`, ...parts].join('\n  ')}\n} | ${send('@-')}`;
}

function python(url: string, body: object): string {
  const text = written(body, {
    true: 'True',
    false: 'False',
    null: 'None',
    fill: ({ value, count }) => `[${written(value, PYTHON_SCALARS)}] * ${count}`,
  });
  return `import requests\n\nanswer = requests.post("${url}", json=${text})\nprint(answer.json())`;
}

function typescript(url: string, body: object): string {
  const text = written(body, {
    ...JSON_WORDS,
    fill: ({ value, count }) => `Array(${count}).fill(${JSON.stringify(value)})`,
  });
  return `const answer = await fetch('${url}', {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(${text}),
});
console.log(await answer.json());`;
}

const PYTHON_SCALARS: Words = { true: 'True', false: 'False', null: 'None', fill: () => '' };

/** JSON in the words of a language; each object of a list has a line of its own. */
function written(value: unknown, words: Words): string {
  if (value instanceof Fill) return words.fill(value);
  if (value === null || value === undefined) return words.null;
  if (typeof value === 'boolean') return value ? words.true : words.false;
  if (Array.isArray(value)) {
    const items = value.map((item) => written(item, words));
    const isOfObjects = value.every((item) => typeof item === 'object' && item !== null && !Array.isArray(item));
    return isOfObjects && items.length > 0 ? `[\n  ${items.join(',\n  ')}\n]` : `[${items.join(', ')}]`;
  }
  if (typeof value !== 'object') return JSON.stringify(value);
  const members = Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}: ${written(member, words)}`);
  return `{${members.join(', ')}}`;
}

/** As one word of a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

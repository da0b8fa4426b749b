import type { SuggestedRule } from './suggest.ts';

/**
 * A file of expectations with these rules, each with a comment that says what it was made from.
 * `head`: lines of comment at the top. The same rules give the same text.
 */
export function writeSuite(head: readonly string[], rules: readonly SuggestedRule[]): string {
  const lines = head.map((line) => `# ${oneLine(line)}`);
  const ofTable = rules.filter(({ column }) => column === null);
  if (ofTable.length > 0) lines.push('table:', ...ofTable.map((rule) => ruleLine(rule, 2)));
  const columns = [...new Set(rules.flatMap(({ column }) => (column === null ? [] : [column])))];
  if (columns.length > 0) lines.push('columns:');
  for (const column of columns) {
    lines.push(`  ${scalar(column)}:`);
    lines.push(...rules.filter((rule) => rule.column === column).map((rule) => ruleLine(rule, 4)));
  }
  // Nothing to say is a file too.
  return `${lines.length === head.length ? [...lines, '{}'].join('\n') : lines.join('\n')}\n`;
}

function ruleLine({ rule, value, from }: SuggestedRule, indent: number): string {
  return `${' '.repeat(indent)}${rule}: ${inFlow(value)} # ${oneLine(from)}`;
}

/** JSON is YAML, on one line. */
function inFlow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inFlow).join(', ')}]`;
  return typeof value === 'string' ? scalar(value) : JSON.stringify(value);
}

/** Plain where YAML reads the same text; quoted where it could take it for something else. */
function scalar(text: string): string {
  const isPlain = /^[A-Za-z_][A-Za-z0-9_]*$/.test(text) && !/^(null|true|false|yes|no|on|off|y|n)$/i.test(text);
  return isPlain ? text : JSON.stringify(text);
}

function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ');
}

import { invalid } from '#kernel/errors';

/** A value as Python's configobj reads it; a list where commas are not quoted. */
export type IniValue = string | readonly string[];

export interface IniOption {
  readonly name: string;
  readonly value: IniValue;
  /** Number of its line, from 1; the last line is larger for a value in triple quotes. */
  readonly line: number;
  readonly lastLine: number;
}

export interface IniSection {
  readonly name: string;
  readonly line: number;
  readonly options: readonly IniOption[];
}

const SECTION = /^\s*\[([^\]]*(?:\][^\]]*)*?)\]\s*(?:#.*)?$/;

/**
 * Reads the INI dialect of Python's configobj 5, as DVC uses it: sections of one level, names in any quotes, values with
 * comments behind, lists by commas, triple quotes over several lines. Nothing is interpolated.
 * @throws DomainError INVALID_ARGUMENT naming `file:line`
 */
export function readIni(text: string, file: string): IniSection[] {
  const lines = linesOf(text);
  const sections: { name: string; line: number; options: IniOption[] }[] = [];
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? '';
    const place = `${file}:${index + 1}`;
    if (isBlank(line)) continue;
    if (line.trimStart().startsWith('[')) {
      const name = sectionName(line);
      if (name === undefined) throw wrong(place, 'this is no section: [name]');
      if (sections.some((section) => section.name === name)) throw wrong(place, `the section ${name} is given twice`);
      sections.push({ name, line: index + 1, options: [] });
      continue;
    }
    const section = sections.at(-1);
    if (!section) throw wrong(place, 'an option must stand in a section', 'Write a line like [core] above it.');
    const option = optionAt(lines, index, place);
    if (section.options.some((each) => each.name === option.name)) throw wrong(place, `${option.name} is given twice`);
    section.options.push(option);
    index = option.lastLine - 1;
  }
  return sections;
}

/** Lines without their ends; a text that ends in a line end has no empty line behind it. */
export function linesOf(text: string): string[] {
  const lines = text.split(/\r\n|[\n\r]/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

function isBlank(line: string): boolean {
  const trimmed = line.trim();
  return trimmed === '' || trimmed.startsWith('#');
}

/** Quotes a name or value as configobj does: only where it would read as something else. */
export function quotedIni(text: string): string {
  if (/[\r\n\0]/.test(text)) throw invalid('a value of a config file must be one line');
  if (text === '') return '""';
  const isPlain = !/^[\s'"]|[\s'"]$|[,#]/.test(text);
  if (isPlain) return text;
  if (!text.includes('"')) return `"${text}"`;
  if (!text.includes("'")) return `'${text}'`;
  if (!text.includes('"""')) return `"""${text}"""`;
  throw invalid(`${text} cannot be written to a config file: it has quotes of every kind`);
}

function sectionName(line: string): string | undefined {
  const written = SECTION.exec(line)?.[1]?.trim();
  if (!written || written.startsWith('[')) return undefined;
  return unquoted(written);
}

function optionAt(lines: readonly string[], index: number, place: string): IniOption {
  const line = lines[index] ?? '';
  const { name, rest } = nameAndRest(line, place);
  const quote = rest.slice(0, 3);
  if (quote !== '"""' && quote !== "'''") {
    return { name, value: valueOf(rest, place), line: index + 1, lastLine: index + 1 };
  }
  let text = rest.slice(3);
  let last = index;
  while (!text.includes(quote)) {
    if (++last >= lines.length) throw wrong(place, `the ${quote} is never closed`);
    text += `\n${lines[last]}`;
  }
  const end = endOfTriple(text, quote);
  if (end === undefined) throw wrong(place, `nothing may stand behind the closing ${quote}`);
  return { name, value: text.slice(0, end), line: index + 1, lastLine: last + 1 };
}

/** The quotes close where nothing but a comment follows: a value may end in a quote itself. */
function endOfTriple(text: string, quote: string): number | undefined {
  const first = text.indexOf(quote);
  for (let end = first; end >= 0 && end <= first + quote.length; end = text.indexOf(quote, end + 1)) {
    if (/^\s*(?:#.*)?$/.test(text.slice(end + quote.length))) return end;
  }
  return undefined;
}

function nameAndRest(line: string, place: string): { name: string; rest: string } {
  const text = line.trim();
  const first = text[0];
  const isQuoted = first === '"' || first === "'";
  const equals = text.indexOf('=', isQuoted ? text.indexOf(first, 1) : 0);
  const name = text.slice(0, Math.max(0, equals)).trim();
  if (name === '' || (isQuoted && (name.length < 2 || !name.endsWith(first)))) {
    throw wrong(place, 'the line is neither a section nor an option', 'Write name = value.');
  }
  return { name: unquoted(name), rest: text.slice(equals + 1).trim() };
}

function valueOf(text: string, place: string): IniValue {
  const items: string[] = [];
  let at = 0;
  let isList = false;
  for (;;) {
    while (text[at] === ' ' || text[at] === '\t') at++;
    const letter = text[at];
    if (letter === undefined || letter === '#') break;
    if (letter === ',') {
      // A comma alone is the empty list.
      if (items.length > 0 || isList) throw wrong(place, 'there is nothing between two commas');
      isList = true;
      at++;
      continue;
    }
    const end = letter === '"' || letter === "'" ? endOfQuoted(text, at, place) : endOfPlain(text, at);
    items.push(unquoted(text.slice(at, end).trimEnd()));
    at = end;
    while (text[at] === ' ' || text[at] === '\t') at++;
    if (text[at] !== ',') {
      if (text[at] !== undefined && text[at] !== '#') throw wrong(place, 'the quotes do not fit');
      break;
    }
    isList = true;
    at++;
  }
  return isList ? items : (items[0] ?? '');
}

/** A quote closes where a comma, a comment or the end follows. */
function endOfQuoted(text: string, start: number, place: string): number {
  const quote = text[start] ?? '';
  for (let end = text.indexOf(quote, start + 1); end >= 0; end = text.indexOf(quote, end + 1)) {
    if (/^[ \t]*(?:[,#]|$)/.test(text.slice(end + 1, end + 200))) return end + 1;
  }
  throw wrong(place, `the ${quote} is not closed`);
}

function endOfPlain(text: string, start: number): number {
  const end = text.slice(start).search(/[,#]/);
  return end < 0 ? text.length : start + end;
}

function unquoted(text: string): string {
  const first = text[0];
  const isQuoted = (first === '"' || first === "'") && text.length > 1 && text.endsWith(first);
  return isQuoted ? text.slice(1, -1) : text;
}

function wrong(place: string, message: string, hint?: string) {
  return invalid(`${place}: ${message}`, { field: place, ...(hint !== undefined && { hint }) });
}

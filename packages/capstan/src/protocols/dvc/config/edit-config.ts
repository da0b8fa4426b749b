import { linesOf, quotedIni, readIni, type IniSection } from '../text/ini-text.ts';

/**
 * Text of a config file with one option set, or taken out where `value` is undefined. Comments and all else stay. A
 * section left without options goes. Whether DVC knows the option shows when the result is read.
 * @param section `core`, or `remote "name"` with the quotes
 * @throws DomainError INVALID_ARGUMENT when the text is no config file, or the value cannot be written in one line
 */
export function setConfigOption(text: string, section: string, option: string, value: string | undefined): string {
  const lines = linesOf(text);
  const before = findSection(text, section);
  const existing = before?.options.find((each) => each.name.toLowerCase() === option.toLowerCase());
  if (value === undefined) {
    if (!before || !existing) return text;
    if (before.options.length === 1) return removeConfigSection(text, section);
    lines.splice(existing.line - 1, existing.lastLine - existing.line + 1);
    return joined(lines);
  }
  const written = `${option} = ${quotedIni(value)}`;
  if (before && existing) {
    const line = lines[existing.line - 1] ?? '';
    const indent = /^\s*/.exec(line)?.[0] ?? '';
    const isOneLine = existing.line === existing.lastLine;
    const comment = isOneLine ? commentBehind(line, existing.value) : '';
    lines.splice(existing.line - 1, existing.lastLine - existing.line + 1, `${indent}${written}${comment}`);
  } else if (before) lines.splice(lastLineOf(before), 0, `    ${written}`);
  else lines.push(`[${quotedIni(section)}]`, `    ${written}`);
  return joined(lines);
}

/** Text of a config file without a section; the comments right above it go with it. */
export function removeConfigSection(text: string, section: string): string {
  const found = findSection(text, section);
  if (!found) return text;
  const lines = linesOf(text);
  let first = found.line - 1;
  while (first > 0 && (lines[first - 1] ?? '').trim().startsWith('#')) first--;
  lines.splice(first, lastLineOf(found) - first);
  return joined(lines);
}

function findSection(text: string, name: string): IniSection | undefined {
  return readIni(text, 'config').find((section) => section.name.toLowerCase() === name.toLowerCase());
}

function lastLineOf(section: IniSection): number {
  return section.options.at(-1)?.lastLine ?? section.line;
}

/** A comment starts at the first `#` that is not in the value. */
function commentBehind(line: string, value: string | readonly string[]): string {
  const text = typeof value === 'string' ? value : value.join(',');
  const hashesInValue = text.split('#').length;
  const parts = line.split('#');
  if (parts.length <= hashesInValue) return '';
  return ` #${parts.slice(hashesInValue).join('#')}`;
}

function joined(lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

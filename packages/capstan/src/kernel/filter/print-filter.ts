import type { Comparison, Filter, FilterValue } from './ast.ts';

/** A filter as text that `parseFilter` reads as the same filter: one spelling for all ways to write it. */
export function printFilter(filter: Filter): string {
  switch (filter.kind) {
    case 'comparison':
      return printComparison(filter);
    case 'not':
      return `NOT ${printPart(filter.part)}`;
    case 'and':
    case 'or':
      return filter.parts.map(printPart).join(` ${filter.kind.toUpperCase()} `);
  }
}

function printPart(filter: Filter): string {
  return filter.kind === 'comparison' ? printComparison(filter) : `(${printFilter(filter)})`;
}

function printComparison({ path, operator, value }: Comparison): string {
  const key =
    path.entity === undefined ? quoted(path.key, '`') : `${quoted(path.entity, '`')}.${quoted(path.key, '`')}`;
  return [key, operator, ...printValue(value)].join(' ');
}

function printValue(value: FilterValue): string[] {
  switch (value.kind) {
    case 'string':
      return [quoted(value.text, "'")];
    case 'number':
    case 'word':
      return [value.text];
    case 'list':
      return [`(${value.items.map((item) => quoted(item, "'")).join(', ')})`];
    case 'range':
      return [`${value.low} AND ${value.high}`];
    case 'none':
      return [];
  }
}

function quoted(text: string, quote: string): string {
  return `${quote}${text.replaceAll(quote, quote + quote)}${quote}`;
}

// Searches of every module: a filter as a condition, an order as sort keys, and pages that go on behind a row.
export { conditionOf } from './condition.ts';
export {
  entityOf,
  fieldOf,
  nullOperators,
  numberOperators,
  textOperators,
  type SearchEntity,
  type SearchField,
} from './field.ts';
export { countOf, pageOf, type Page } from './page.ts';
export { nullsLast, sortedBy, sortKeysOf, type Sorting, type SortKey } from './sort.ts';
export { attributeColumnOf, columnOf, textOrEmpty, type Columns } from './vocabulary.ts';

import { expectationSuite } from '@capstan/api';
import { describe, expect, it } from 'vitest';
import { parseLocatedYaml } from '#kernel/located-yaml';

describe('rules marked to put rows aside', () => {
  it.each([
    [
      'columns:\n  n:\n    mean: [0, 1]\n    range: [0, 9]\n    on_failure: quarantine_rows\n',
      '3:11',
      'mean is about all rows together, and no row breaks it: name the rules whose rows are put aside, e.g. on_failure: {range: quarantine_rows}',
    ],
    [
      'table:\n  freshness: 3d\n  on_failure: {freshness: quarantine_rows}\n',
      '3:27',
      'freshness is not broken by single rows: leave it out here, or mark one of unique, key, event_time',
    ],
    [
      'columns:\n  n: {range: [0, 9], severity: warn, on_failure: quarantine_rows}\n',
      '2:50',
      'rules that only warn put no row aside',
    ],
    [
      'columns:\n  n: {missing_max: 0.2, on_failure: quarantine_rows}\n',
      '2:20',
      'missing_max above 0 is a share of all rows',
    ],
  ])('are refused where no single row is at fault: %j', (suite, place, words) => {
    const read = () => parseLocatedYaml('suite.yaml', suite, expectationSuite);
    expect(read).toThrow(`suite.yaml:${place}: `);
    expect(read).toThrow(words);
  });

  it('leave the type of a column to the whole version', () => {
    const suite = 'columns: {n: {type: integer, range: [0, 9], on_failure: quarantine_rows}}';
    expect(parseLocatedYaml('suite.yaml', suite, expectationSuite).value.quarantine).toEqual({ share_max: 0.1 });
  });
});

import type { ExpectationResult } from '@capstan/api';
import type { RowCondition } from '#data/datasets';
import type { Evaluation, Judgement } from './evaluate.ts';
import { builtIn, countText, failed, isNumeric, passed, type Rule } from './model.ts';
import { conditionOf, isRowRule, markOf, mostBroken, othersText } from './row-quarantine.ts';
import { findRepeats, findStrangers, isStranger, repeats, type ScanContext } from './scan.ts';

/** One result for the declared key, for the table's unique columns and for each column of its own, each once. */
export async function uniqueRules({ suite, version, key }: Evaluation, context: ScanContext): Promise<Judgement> {
  const wanted = new Map<string, { rule: Rule; columns: readonly string[] }>();
  const want = (rule: Rule, columns: readonly string[]) => {
    const id = columns.toSorted().join('\0');
    const known = wanted.get(id);
    // Asked for twice: put aside where one of them says so.
    if (known && isRowRule(rule)) wanted.set(id, { columns, rule: { ...known.rule, onFailure: 'quarantine_rows' } });
    if (columns.length > 0 && !known) wanted.set(id, { rule, columns });
  };
  const expected = (columns: readonly string[]) => `no two rows with the same ${columns.join(', ')}`;
  const { unique = [], severity } = suite.table;
  want({ ...builtIn('key', null, expected(key)), ...markOf(suite.table, 'key') }, key);
  want(
    { rule: 'unique', column: null, severity, expected: expected(unique), ...markOf(suite.table, 'unique') },
    unique,
  );
  for (const [name, asked] of Object.entries(suite.columns)) {
    if (!asked.unique) continue;
    const { severity: own } = asked;
    want({ rule: 'unique', column: name, severity: own, expected: 'no value twice', ...markOf(asked, 'unique') }, [
      name,
    ]);
  }

  const results: ExpectationResult[] = [];
  const conditions: RowCondition[] = [];
  for (const { rule, columns } of wanted.values()) {
    const absent = columns.filter((name) => !version.columns.some((column) => column.name === name));
    if (absent.length > 0) {
      results.push(failed(rule, `no such column: ${absent.join(', ')}`, { failedRows: version.rows, examples: [] }));
      continue;
    }
    const { count, examples } = await findRepeats(context, columns);
    const observed = `repeated: ${countText(count, version.rows)}`;
    const isKept = count === 0 || isRowRule(rule);
    results.push({ ...(isKept ? passed : failed)(rule, observed), ...(count > 0 && { failedRows: count, examples }) });
    conditions.push(...conditionOf(rule, repeats(columns)));
  }
  return { results, conditions };
}

/** Values that must occur in a column of another dataset. */
export async function referenceRules(evaluation: Evaluation, context: ScanContext): Promise<Judgement> {
  const { suite, version } = evaluation;
  const conditions: RowCondition[] = [];
  const results: ExpectationResult[] = [];
  for (const [name, asked] of Object.entries(suite.columns)) {
    const column = version.columns.find((candidate) => candidate.name === name);
    if (!asked.references || !column) continue;
    const { dataset, column: other } = asked.references;
    const mark = markOf(asked, 'references');
    const rule: Rule = {
      rule: 'references',
      column: name,
      severity: asked.severity,
      expected: `in ${dataset}.${other}${othersText(asked, mark)}`,
      ...mark,
    };
    const reference = await evaluation.reference(dataset);
    const known = reference?.columns.find((candidate) => candidate.name === other);
    if (!reference || !known) {
      // What cannot be checked does not pass.
      results.push(failed(rule, reference ? `${dataset} has no column ${other}` : `no accepted version of ${dataset}`));
      continue;
    }
    const comparedAs = isNumeric(column) && isNumeric(known) ? 'double' : 'varchar';
    const { count, examples } = await findStrangers(context, name, comparedAs, {
      files: reference.files,
      column: other,
    });
    const observed = countText(count, version.rows);
    const isKept = count <= mostBroken(asked, mark) * version.rows;
    results.push(
      isKept
        ? { ...passed(rule, observed), failedRows: count, examples }
        : failed(rule, observed, { failedRows: count, examples }),
    );
    const table = `reference${conditions.length}`;
    const violation = isStranger(name, comparedAs, { table, column: other });
    conditions.push(...conditionOf(rule, violation, { [table]: reference.files }));
  }
  return { results, conditions };
}

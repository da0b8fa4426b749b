import { useMemo } from 'react';
import { count } from '../../../design/format.ts';
import { Quiet } from '../../../design/page.tsx';
import css from './preview.module.css';
import { readSeparated } from './separated.ts';

const MOST_ROWS = 500;
const MOST_COLUMNS = 100;

/** Separated text as a table, its first row as heads. */
export function TextTable({ text, separator, isWhole }: { text: string; separator: string; isWhole: boolean }) {
  const rows = useMemo(
    () => readSeparated(text, separator, { isWhole, most: MOST_ROWS + 1 }),
    [text, separator, isWhole],
  );
  const [head = [], ...body] = rows;
  return (
    <>
      <section className={css['table']} tabIndex={0} aria-label="Rows of the file">
        <table>
          <thead>
            <tr>
              {head.slice(0, MOST_COLUMNS).map((name, index) => (
                <th key={`${index} ${name}`} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {body.map((row, index) => (
              // Rows of a file have no other name than their place.
              <tr key={index}>
                {row.slice(0, MOST_COLUMNS).map((value, column) => (
                  <td key={column} className={isNumber(value) ? css['number'] : undefined} title={value}>
                    {value}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <Quiet>
        {`${count(body.length)} rows${body.length === MOST_ROWS ? ' (no more are drawn)' : ''}, ${count(head.length)} columns${head.length > MOST_COLUMNS ? `, the first ${MOST_COLUMNS} drawn` : ''}`}
      </Quiet>
    </>
  );
}

const isNumber = (value: string): boolean => value !== '' && Number.isFinite(Number(value));

/**
 * Rows of separated text (RFC 4180): quoted fields may hold separators, line ends and doubled quotes. Stops after `most`
 * rows. A last row that may have been cut off is left out.
 */
export function readSeparated(
  text: string,
  separator: string,
  { isWhole, most }: { isWhole: boolean; most: number },
): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let field = '';
  let isQuoted = false;
  const endField = (): void => {
    row.push(field);
    field = '';
  };
  const endRow = (): void => {
    endField();
    if (row.length > 1 || row[0] !== '') rows.push(row);
    row = [];
  };
  for (let at = 0; at < text.length && rows.length < most; at++) {
    const sign = text.charAt(at);
    if (isQuoted) {
      if (sign !== '"') field += sign;
      else if (text.charAt(at + 1) === '"') {
        field += '"';
        at += 1;
      } else isQuoted = false;
    } else if (sign === '"' && field === '') isQuoted = true;
    else if (sign === separator) endField();
    else if (sign === '\n') endRow();
    else if (sign !== '\r') field += sign;
  }
  if (isWhole && rows.length < most && (field !== '' || row.length > 0)) endRow();
  return rows;
}

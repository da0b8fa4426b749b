/** Whether text is a finite number of digits, point and exponent; never the empty text, hex or Infinity. */
export function isNumberText(text: string): boolean {
  const digits = text.startsWith('-') || text.startsWith('+') ? text.slice(1) : text;
  const first = digits.charAt(0);
  if (!(first >= '0' && first <= '9') && first !== '.') return false;
  const radix = digits.charAt(1).toLowerCase();
  if (first === '0' && (radix === 'x' || radix === 'o' || radix === 'b')) return false;
  return text.trim() === text && Number.isFinite(Number(text));
}

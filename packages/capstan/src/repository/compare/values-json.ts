import { pythonFloat } from '#protocols/dvc';

/**
 * JSON of values as files hold them: no digit of a whole number is lost, `1.0` stays a float, maps become objects. What
 * JSON has no number for is text: "NaN", "Infinity".
 */
export function valuesJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown): unknown => {
    if (member instanceof Map) return Object.fromEntries(member);
    if (typeof member === 'bigint') return rawJson(String(member));
    if (typeof member !== 'number') return member;
    return Number.isFinite(member) ? rawJson(pythonFloat(member)) : String(member);
  });
}

function rawJson(text: string): unknown {
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(text);
}

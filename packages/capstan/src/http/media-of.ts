/** The type and subtype of a Content-Type, without its parameters, in lower case; empty for none. */
export function mediaOf(contentType: string | string[] | undefined): string {
  return (String(contentType ?? '').split(';')[0] ?? '').trim().toLowerCase();
}

/** The type and subtype of a Content-Type, without its parameters, in lower case. */
export function mediaOf(contentType: string | undefined): string | undefined {
  return contentType?.split(';')[0]?.trim().toLowerCase();
}

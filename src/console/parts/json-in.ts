/** The value of a text in JSON, or why it is none. */
export function jsonIn(text: string): { readonly value: unknown } | { readonly fault: string } {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (error) {
    return { fault: `Invalid JSON: ${error instanceof Error ? error.message : "it can't be parsed"}.` };
  }
}

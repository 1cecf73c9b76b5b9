/** The schema that everything of Headway lies in, unless a setting names another. SQL text is written for this one. */
export const DEFAULT_SCHEMA = "headway";

/** A schema's name as SQL text writes it. */
export function quotedSchema(schema: string): string {
  return `"${schema}"`;
}

const rewritten = new Map<string, Map<string, string>>();
const MOST_TEXTS = 2_000;

/**
 * SQL text for another schema than the one it is written for: each `headway.` before a name becomes the quoted name of
 * the schema. Texts are kept, since the same ones come again and again. The text itself where the schema is the default.
 */
export function inSchema(sql: string, schema: string): string {
  if (schema === DEFAULT_SCHEMA) return sql;
  let texts = rewritten.get(schema);
  if (!texts) rewritten.set(schema, (texts = new Map()));
  const known = texts.get(sql);
  if (known !== undefined) return known;
  const text = sql.replace(/(?<![\w."])headway\.(?=[a-z_])/g, `${quotedSchema(schema)}.`);
  // Texts with a list in them are endless: they start the memory anew, rather than fill it.
  if (texts.size >= MOST_TEXTS) texts.clear();
  texts.set(sql, text);
  return text;
}

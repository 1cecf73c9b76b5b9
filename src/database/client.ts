import pg from "pg";
import { DEFAULT_SCHEMA, inSchema } from "./schema-name.js";

/**
 * The class of all connections to an installation in this schema: SQL text is written for the schema `headway`, and goes
 * to another one as `inSchema` rewrites it. The library's own class for the schema `headway`.
 */
export function clientFor(schema: string): typeof pg.Client {
  if (schema === DEFAULT_SCHEMA) return pg.Client;
  return class extends pg.Client {
    override query(first: unknown, ...rest: unknown[]): never {
      return super.query(rewritten(first, schema) as string, ...(rest as [])) as never;
    }
  };
}

/** A text, or a configuration with a text; a query object of another library is left as it is. */
function rewritten(first: unknown, schema: string): unknown {
  if (typeof first === "string") return inSchema(first, schema);
  const { text, submit } = first as { text?: unknown; submit?: unknown };
  return typeof text === "string" && submit === undefined
    ? { ...(first as object), text: inSchema(text, schema) }
    : first;
}

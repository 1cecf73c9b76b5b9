import { z } from "zod";

/** Names of PostgreSQL may have 63 bytes; those that are made of this one must fit too. */
const SCHEMA_NAME = /^(?!pg_|information_schema$)[A-Za-z_][A-Za-z0-9_]{0,39}$/;
const MUST =
  "it must be a name of letters, digits and _ that does not begin with a digit or pg_, of at most 40 characters, because the tables lie in the schema of that name";

/** The name of a schema; empty where none is given. */
export const schemaName = z.string().refine((value) => value === "" || SCHEMA_NAME.test(value), MUST);

/** The schema that `?schema=` in a database's URL names; null where it names none. */
export function schemaIn(url: string | null): string | null {
  return url === null ? null : new URL(url).searchParams.get("schema");
}

/** The URL without `?schema=`, which the server would not know. */
export function withoutSchema(url: string): string {
  if (schemaIn(url) === null) return url;
  const parsed = new URL(url);
  parsed.searchParams.delete("schema");
  return parsed.href;
}

/** What is wrong with the schema in the URL, beside the one that is set; null when nothing is. */
export function schemaFault(url: string | null, set: string | undefined): string | null {
  const named = schemaIn(url);
  if (named === null) return null;
  if (!SCHEMA_NAME.test(named)) return `DATABASE_URL names the schema "${named}"; ${MUST}.`;
  return set && set !== named
    ? `DATABASE_URL names the schema "${named}", and HEADWAY_DATABASE_SCHEMA is "${set}"; leave one of them out, because an installation lies in one schema.`
    : null;
}

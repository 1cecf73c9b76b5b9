import type { Client, TypedDocumentNode } from "urql";

/** The server takes 30 aliases in a request. */
const MAX_ALIASES = 25;
/** A document that asks for one thing by its id: what it selects, and the fragments behind it. */
const ONE = /^query \w+\(\$id:ID!\)\{(\w+)\(id:\$id\)(\{.*?\})\}(fragment .*)$/s;

/**
 * Asks by one request for up to 25 things that `one` asks for singly: however many of a screen change at once, a key's
 * share of requests is not used up by it. What is no longer there is left out.
 */
export async function readMany<Data extends Readonly<Record<string, unknown>>>(
  client: Client,
  one: TypedDocumentNode<Data, { id: string | number }>,
  ids: readonly string[],
): Promise<readonly NonNullable<Data[keyof Data]>[]> {
  const [, field, selection, fragments] = ONE.exec(one as unknown as string)!;
  const found: NonNullable<Data[keyof Data]>[] = [];
  for (let from = 0; from < ids.length; from += MAX_ALIASES) {
    const some = ids.slice(from, from + MAX_ALIASES);
    const variables = Object.fromEntries(some.map((id, place) => [`id${place}`, id]));
    const declared = some.map((_, place) => `$id${place}:ID!`).join();
    const asked = some.map((_, place) => `r${place}:${field}(id:$id${place})${selection}`).join(" ");
    const { data } = await client
      .query<Readonly<Record<string, Data[keyof Data]>>>(`query Many(${declared}){${asked}}${fragments}`, variables, {
        requestPolicy: "network-only",
      })
      .toPromise();
    for (const value of Object.values(data ?? {})) {
      if (typeof value === "object" && value !== null) found.push(value as NonNullable<Data[keyof Data]>);
    }
  }
  return found;
}

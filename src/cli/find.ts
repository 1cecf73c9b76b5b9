import { HeadwayError } from "../errors.js";
import type { ApiClient } from "./client.js";
import { UsageError } from "./exit-codes.js";
import { plain } from "./print.js";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
export type Kind = "Collection" | "Job" | "Task";

export function isId(text: string): boolean {
  return UUID.test(text);
}

/** The id of the collection with this id or name; null when there is none. */
export async function lookUpCollection(client: ApiClient, idOrName: string): Promise<string | null> {
  const { byName } = await client.query<{ byName: { id: string } | null }>(
    "query ($name: String!) { byName: collectionByName(name: $name) { id } }",
    { name: idOrName },
  );
  if (byName || !isId(idOrName)) return byName?.id ?? null;
  const { byId } = await client.query<{ byId: { id: string } | null }>(
    "query ($id: ID!) { byId: collection(id: $id) { id } }",
    { id: idOrName },
  );
  return byId?.id ?? null;
}

/** As lookUpCollection. @throws {HeadwayError} NOT_FOUND, naming collections that there are */
export async function findCollection(client: ApiClient, idOrName: string): Promise<string> {
  const id = await lookUpCollection(client, idOrName);
  if (id !== null) return id;
  const { near, newest } = await client.query<{ near: Names; newest: Names }>(
    `query ($part: String!) {
       near: collections(first: 5, filter: { nameContains: $part }) { nodes { name } }
       newest: collections(first: 5) { nodes { name } } }`,
    { part: idOrName.slice(0, 100) },
  );
  const like = near.nodes.length > 0;
  const names = (like ? near : newest).nodes.map(({ name }) => `"${plain(name)}"`).join(", ");
  const others = names === "" ? "None exists yet" : `${like ? "Similar names:" : "The newest:"} ${names}`;
  throw new HeadwayError("NOT_FOUND", `There is no collection "${plain(idOrName)}". ${others}.`);
}
interface Names {
  readonly nodes: readonly { readonly name: string }[];
}

/**
 * What kind of thing has this id. @throws {UsageError} on what is no id
 * @throws {HeadwayError} NOT_FOUND where nothing or something else has it; both say how to find ids
 */
export async function kindOf(client: ApiClient, id: string, allowed: readonly Kind[]): Promise<Kind> {
  const wanted = allowed.map((kind) => kind.toLowerCase()).join(" or ");
  if (!isId(id)) throw new UsageError(`"${plain(id)}" is not the ID of a ${wanted}. ${HOW}`);
  const { node } = await client.query<{ node: { kind: string } | null }>(
    "query ($id: ID!) { node(id: $id) { kind: __typename } }",
    { id },
  );
  if (node && allowed.includes(node.kind as Kind)) return node.kind as Kind;
  const what = node ? `${id} is a ${node.kind.toLowerCase()}, not a ${wanted}.` : `There is no ${wanted} ${id}.`;
  throw new HeadwayError("NOT_FOUND", `${what} ${HOW}`);
}

const HOW = "Jobs and their ids are listed by: headway jobs; tasks by: headway status COLLECTION";

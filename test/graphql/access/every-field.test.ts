import {
  getNamedType,
  isInterfaceType,
  isLeafType,
  isRequiredArgument,
  isObjectType,
  isUnionType,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
} from "graphql";
import { createClient } from "graphql-ws";
import { randomUUID } from "node:crypto";
import WebSocket from "ws";
import { encodeCursor } from "../../../src/engine/stream/cursor.js";
import { accessOf, readableTypes, type FieldAccess } from "../../../src/graphql/access/field-access.js";
import { buildHeadwaySchema } from "../../../src/graphql/schema.js";
import { ROLES } from "../../../src/lifecycle/roles.js";
import { keyBy } from "../../support/keys.js";
import {
  createMarkedWorld,
  markOf,
  PID,
  PLACES,
  type MarkedKey,
  type MarkedWorld,
  type Place,
} from "./marked-world.js";
import { argumentsOf, fillersOf, operationFor, placesOf } from "./places.js";

type Field = GraphQLField<unknown, unknown>;

let world: MarkedWorld;
let schema: GraphQLSchema;
beforeAll(async () => {
  [world, schema] = await Promise.all([createMarkedWorld(), buildHeadwaySchema()]);
});
afterAll(() => world.close());

/** Result of a walk: what the key was given that it may not see, and which fields gave it something or refused it. */
class Walk {
  readonly leaks: string[] = [];
  readonly given = new Set<string>();
  readonly refused = new Set<string>();
  readonly #key: MarkedKey;
  readonly #marks: readonly (readonly [Place, string])[];

  constructor(key: MarkedKey) {
    this.#key = key;
    const unseen = PLACES.filter((place) => !key.sees.includes(place));
    this.#marks = [
      ...unseen.map((place) => [place, markOf(place)] as const),
      ...(key.sees.includes("worker") ? [] : [["worker", String(PID)] as const]),
    ];
  }

  /** Notes whatever an answer holds of places that the key doesn't see, but for the ids that it was asked by. */
  look(what: string, answer: unknown, asked: readonly string[] = []): void {
    const text = JSON.stringify(answer);
    for (const [place, mark] of this.#marks) {
      if (text.includes(mark)) this.leaks.push(`${what} tells of ${place}: ${text.slice(0, 300)}`);
    }
    for (const [id] of text.matchAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g)) {
      const place = world.places.get(id);
      // Who ran something is told by id; what stands behind that id is not.
      if (place === undefined || place === "worker" || asked.includes(id)) continue;
      if (!this.#key.sees.includes(place)) this.leaks.push(`${what} names ${id} of ${place}: ${text.slice(0, 300)}`);
    }
  }

  /** Notes which fields of the answer to a selection hold something. */
  count(value: unknown, type: GraphQLNamedType): void {
    if (Array.isArray(value)) for (const one of value) this.count(one, type);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return;
    const named = "__typename" in value ? schema.getType(value.__typename as string) : type;
    if (!isObjectType(named)) return;
    const fields = named.getFields();
    for (const [name, inner] of Object.entries(value)) {
      const field = fields[name];
      if (field === undefined || inner === null || (Array.isArray(inner) && inner.length === 0)) continue;
      this.given.add(`${named.name}.${name}`);
      this.count(inner, getNamedType(field.type));
    }
  }
}

/** All that can be selected of a type, down to other nodes, which are walked by themselves. */
function selectionOf(type: GraphQLOutputType, below: readonly string[] = []): string {
  const named = getNamedType(type);
  if (isLeafType(named)) return "";
  if (isUnionType(named)) {
    return `{ __typename ${named
      .getTypes()
      .map((one) => `... on ${one.name} ${fieldsOf(one, below)}`)
      .join(" ")} }`;
  }
  if (isInterfaceType(named)) return "{ __typename id }";
  const isNode = (named as GraphQLObjectType).getInterfaces().some(({ name }) => name === "Node");
  return isNode ? "{ __typename id }" : fieldsOf(named as GraphQLObjectType, below);
}
function fieldsOf(type: GraphQLObjectType, below: readonly string[]): string {
  if (below.includes(type.name)) return "{ __typename }";
  const fields = Object.values(type.getFields()).filter(({ args }) => !args.some(isRequiredArgument));
  return `{ __typename ${fields.map((field) => `${field.name} ${selectionOf(field.type, [...below, type.name])}`).join(" ")} }`;
}

async function ask(key: MarkedKey, query: string, variables: Record<string, unknown>) {
  const { data, errors } = await world.api.send(query, variables, key.key);
  return { data, errors: errors.map(({ message, extensions }) => ({ message, code: extensions.code })) };
}

/** Asks one thing by its id for every field of its type: together those that are open to the key, each other by itself. */
async function walkNode(key: MarkedKey, walk: Walk, id: string, mustFind: boolean): Promise<void> {
  const found = await ask(key, "query ($id: ID!) { node(id: $id) { __typename id } }", { id });
  walk.look("node", found, [id]);
  if ((found.data?.node !== null) !== mustFind) {
    walk.leaks.push(`node(${id} of ${world.places.get(id)}) is ${mustFind ? "not found" : "found"}`);
    if (mustFind) return;
  }
  if (found.data?.node === null) return;
  const type = schema.getType(found.data!.node.__typename) as GraphQLObjectType;
  const fields = Object.values(type.getFields());
  const isOpen = (field: Field): boolean => ["SHOWN", "NARROWED"].includes(accessOf(type.name, field.name)!);
  await walkFields(key, walk, type, id, fields.filter(isOpen));
  for (const field of fields.filter((one) => !isOpen(one))) await walkFields(key, walk, type, id, [field]);
  if (world.scopes.includes(id) && isWhole(key))
    for (const field of fields) await walkPlaces(key, walk, type, id, field);
}

/** Gives the field of one thing every other's id, wherever it takes one. */
async function walkPlaces(
  key: MarkedKey,
  walk: Walk,
  type: GraphQLObjectType,
  ownId: string,
  field: Field,
): Promise<void> {
  const { declared, given } = argumentsOf(field);
  const variables = ["$ownId: ID!", ...declared].join(", ");
  const selection = `${field.name}${given} ${selectionOf(field.type)}`;
  const query = `query (${variables}) { node(id: $ownId) { __typename ... on ${type.name} { ${selection} } } }`;
  for (const place of placesOf(field)) {
    await each(world.scopes, async (id) => {
      const { data, errors } = await ask(key, query, { ownId, ...place(id) });
      walk.look(`${type.name}.${field.name} of ${ownId} by ${id}`, { data, errors }, [ownId, id]);
      walk.count(data?.node ?? null, type);
    });
  }
}

async function walkFields(
  key: MarkedKey,
  walk: Walk,
  type: GraphQLObjectType,
  id: string,
  fields: readonly Field[],
): Promise<void> {
  const plain = fields.filter(({ args }) => !args.some(isRequiredArgument));
  if (plain.length === 0) return;
  const selection = plain.map((field) => `${field.name} ${selectionOf(field.type, [type.name])}`).join(" ");
  const { data, errors } = await ask(
    key,
    `query ($id: ID!) { node(id: $id) { __typename ... on ${type.name} { ${selection} } } }`,
    { id },
  );
  const what = `${type.name} { ${plain.map(({ name }) => name).join(" ")} }`;
  walk.look(what, { data, errors }, [id]);
  for (const { code, message } of errors) {
    if (plain.length === 1 && code === "FORBIDDEN") walk.refused.add(`${type.name}.${plain[0]!.name}`);
    else walk.leaks.push(`${what} answers ${code}: ${message}`);
  }
  walk.count(data?.node ?? null, type);
}

/** What the field must be given, and of names one that there is. */
function plainly({ name, args }: Field): Record<string, unknown> {
  const needed = fillersOf(args);
  // Its stages are told of one pipeline alone.
  if (name === "statistics") return { input: { ...(needed.input as object), pipeline: "rich" } };
  return "name" in needed ? { ...needed, name: markOf("A") } : needed;
}

/** Asks every root field plainly, and by every id in every place that takes one. */
async function walkRoots(key: MarkedKey, walk: Walk): Promise<void> {
  for (const field of Object.values(schema.getQueryType()!.getFields())) {
    const { declared, given } = argumentsOf(field);
    const selection = selectionOf(field.type);
    const query = `query ${declared.length > 0 ? `(${declared.join(", ")})` : ""} { ${field.name}${given} ${selection} }`;
    const tries = [
      { variables: plainly(field), asked: [] as string[], expected: null as string | null },
      ...(
        await Promise.all(
          placesOf(field).map(async (place) => {
            // By the worker that ran it a key finds its own work, and of that worker it knows the id alone.
            const isOwn = (id: string): boolean => [...key.sees, "worker"].includes(world.places.get(id)!);
            const unknown = randomUUID();
            const expected = JSON.stringify(await ask(key, query, place(unknown))).replaceAll(unknown, "<id>");
            return (field.name === "node" ? world.samples : world.scopes).map((id) => ({
              variables: place(id),
              asked: [id],
              expected: isOwn(id) ? null : expected,
            }));
          }),
        )
      ).flat(),
    ];
    await each(tries, async ({ variables, asked, expected }) => {
      const { data, errors } = await ask(key, query, variables);
      const what = `Query.${field.name} by ${JSON.stringify(variables)}`;
      walk.look(what, { data, errors }, asked);
      const got = JSON.stringify({ data, errors }).replaceAll(asked[0] ?? "none", "<id>");
      if (expected !== null && got !== expected) walk.leaks.push(`${what} is ${got}, of an unknown id ${expected}`);
      if (errors.some(({ code }) => code === "FORBIDDEN")) walk.refused.add(`Query.${field.name}`);
      walk.count(data, schema.getQueryType()!);
    });
  }
}

/** The events of every subscription so far, by every id in every place that takes one, and by none. */
async function walkStreams(key: MarkedKey, walk: Walk): Promise<void> {
  const client = createClient({
    url: `${world.api.url.replace("http", "ws")}/graphql`,
    webSocketImpl: WebSocket,
    lazyCloseTimeout: 1_000,
    connectionParams: { authorization: `Bearer ${key.key}` },
  });
  const type = schema.getSubscriptionType()!;
  for (const field of Object.values(type.getFields())) {
    const { declared, given } = argumentsOf(field);
    const query = `subscription (${declared.join(", ")}) { ${field.name}${given} ${selectionOf(field.type)} }`;
    const take = async (variables: object, count: number, asked: string[]): Promise<void> => {
      const events: unknown[] = [];
      try {
        for await (const event of client.iterate({ query, variables: { ...variables } })) {
          walk.count(event.data, type);
          if (events.push(event) === count) break;
        }
      } catch (errors) {
        events.push(errors);
      }
      walk.look(`Subscription.${field.name} by ${JSON.stringify(variables)}`, events, asked);
    };
    const isLive = field.name === "jobProgress" || field.name === "taskLogs";
    // A log that nothing is written to goes on until its task is settled.
    const open: { id: string }[] =
      field.name === "taskLogs"
        ? await world.api.rig.db.query("select id from headway.task where finished_at is null")
        : [];
    const ids = world.scopes.filter((id) => !open.some((one) => one.id === id));
    await each(ids, async (id) => {
      for (const place of placesOf(field)) {
        if (isLive) await take(place(id), 1, [id]);
        else {
          await take({ ...place(id), after: cursor(world.databaseId) }, await world.changesOf(id), [id]);
          // A cursor of another database gives a gap first.
          await take({ ...place(id), after: cursor(randomUUID()) }, 1, [id]);
        }
      }
    });
    if (!isLive)
      await take({ after: cursor(world.databaseId, key.kind === "PROJECT" ? "project" : "collection") }, 5, []);
  }
  await client.dispose();
}

function cursor(databaseId: string, kind: "collection" | "project" = "collection"): string {
  return encodeCursor(
    kind === "project"
      ? { databaseId, kind, tx: "0", position: "0", change: null }
      : { databaseId, kind, position: "0", change: null },
  );
}

/** Every field that can be read. */
function readableFields(): string[] {
  return readableTypes(schema).flatMap((type) => Object.keys(type.getFields()).map((name) => `${type.name}.${name}`));
}
/** Whether everything is tried with the key: of the others, what roots and lists give is tried in projects.test.ts. */
function isWhole({ kind, name }: MarkedKey): boolean {
  return kind !== "PROJECT" || name === KEYS[0];
}

/** Some at once: waiting for one answer after the other took most of the time. */
async function each<T>(list: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const left = [...list];
  const next = async (): Promise<void> => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) await work(one);
  };
  await Promise.all(Array.from({ length: 8 }, next));
}

const accessTo = (name: string): FieldAccess | null => accessOf(...(name.split(".") as [string, string]));

const walks = new Map<string, Walk>();
async function walkWith(key: MarkedKey): Promise<Walk> {
  const known = walks.get(key.name);
  if (known) return known;
  const walk = new Walk(key);
  walks.set(key.name, walk);
  await each([...world.places], ([id, place]) => walkNode(key, walk, id, key.sees.includes(place)));
  if (isWhole(key)) {
    await walkRoots(key, walk);
    await walkStreams(key, walk);
  }
  return walk;
}

const KEYS = [
  "ADMIN of the project",
  "VIEWER of the project",
  "ADMIN of another project",
  "key of collection A",
  "key of job A1",
  "key of job A2",
];

test("H9: every field that can be read is decided on", () => {
  expect(readableFields().filter((name) => accessTo(name) === null)).toEqual([]);
});

test.each(KEYS)("H9: a walk over every field of the schema gives the %s nothing that it may not see", async (name) => {
  const walk = await walkWith(world.keys.find((key) => key.name === name)!);
  expect(walk.leaks).toEqual([]);
});

/** What keys of this kind were given, or refused, all of them together. */
async function togetherOf(kind: MarkedKey["kind"], what: "given" | "refused"): Promise<ReadonlySet<string>> {
  const keys = world.keys.filter((key) => key.kind === kind);
  const found = new Set<string>();
  for (const key of keys) for (const name of (await walkWith(key))[what]) found.add(name);
  return found;
}
const withAccess = (...accesses: FieldAccess[]): string[] =>
  readableFields().filter((name) => accesses.includes(accessTo(name)!));

test("H9: the walk has found something in every field, so none was passed over because it was empty", async () => {
  const given = await togetherOf("PROJECT", "given");
  expect(readableFields().filter((name) => !given.has(name))).toEqual([]);
});

test("H9: keys of a collection and of its jobs are given each field that is open to them, and are refused just the others", async () => {
  const open = withAccess("SHOWN", "NARROWED");
  const given = { COLLECTION: await togetherOf("COLLECTION", "given"), JOB: await togetherOf("JOB", "given") };
  const ofCollections = withAccess("COLLECTION");
  expect([...open, ...ofCollections].filter((name) => !given.COLLECTION.has(name))).toEqual([]);
  expect(open.filter((name) => !given.JOB.has(name))).toEqual([]);
  const closed = withAccess("PROJECT", "PROJECT_OR_NULL", "OPERATOR_OR_NULL", "OPERATOR", "ADMIN");
  expect(closed.filter((name) => given.COLLECTION.has(name) || given.JOB.has(name))).toEqual([]);
  expect(ofCollections.filter((name) => given.JOB.has(name))).toEqual([]);

  // What lies in types that such a key can't come to is refused by the way there.
  const roots = [...withAccess("PROJECT", "ADMIN").filter((name) => name.startsWith("Query.")), "Task.logs"];
  expect([...(await togetherOf("COLLECTION", "refused"))].sort()).toEqual(roots.sort());
  expect([...(await togetherOf("JOB", "refused"))].sort()).toEqual([...roots, ...ofCollections].sort());
  // To a VIEWER, who is no operator.
  expect(await togetherOf("PROJECT", "refused")).toEqual(new Set(["Task.logs"]));
});

test("H9: a key of one collection or job that may only read changes nothing, whatever its role", async () => {
  const { api, keys } = world;
  const before = await contents();
  for (const { scope } of keys.filter((key) => key.scope !== null)) {
    for (const role of ROLES) {
      const as = await keyBy(api.rig.db, { role, scope: { ...scope!, permissions: ["READ"] } });
      for (const field of Object.values(schema.getMutationType()!.getFields())) {
        const { data, errors } = await api.send(operationFor("mutation", field), fillersOf(field.args), as);
        expect([field.name, data, errors.map(({ extensions }) => extensions.code)]).toEqual([
          field.name,
          null,
          ["FORBIDDEN"],
        ]);
      }
      const headers = { authorization: `Bearer ${as}` };
      const put = await fetch(`${api.url}/uploads/${randomUUID()}`, { method: "PUT", headers, body: "x" });
      expect(put.status).toBe(403);
    }
  }
  expect(await contents()).toEqual(before);
});

test("H9: an artifact is downloaded with a key that sees it, and unknown to every other", async () => {
  const { api, keys, places } = world;
  const artifacts: { id: string }[] = await api.rig.db.query("select id from headway.artifact where accepted");
  expect(artifacts.length).toBeGreaterThan(1);
  for (const { key, name, sees } of keys) {
    for (const { id } of artifacts) {
      const { status } = await fetch(`${api.url}/artifacts/${id}`, { headers: { authorization: `Bearer ${key}` } });
      expect([name, status]).toEqual([name, sees.includes(places.get(id)!) ? 200 : 404]);
    }
  }
});

/** How much there is of what mutations make or move. */
function contents(): Promise<unknown> {
  return world.api.rig.db.query(
    `select (select count(*) from headway.status_change) as changes, (select count(*) from headway.collection) as collections,
       (select count(*) from headway.document) as documents, (select count(*) from headway.upload) as uploads,
       (select count(*) from headway.api_key where created_by <> 'tests') as keys, (select count(*) from headway.pipeline_pause) as pauses`,
  );
}

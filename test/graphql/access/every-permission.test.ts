import {
  getNamedType,
  isObjectType,
  isRequiredArgument,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
} from "graphql";
import { createClient } from "graphql-ws";
import { randomUUID } from "node:crypto";
import WebSocket from "ws";
import type { KeyScope } from "../../../src/access/keys.js";
import { MUTATION_PERMISSIONS } from "../../../src/access/principal.js";
import { readableTypes } from "../../../src/graphql/access/field-access.js";
import { buildHeadwaySchema } from "../../../src/graphql/schema.js";
import { BROWSER_PERMISSIONS, type BrowserPermission } from "../../../src/lifecycle/roles.js";
import { keyBy } from "../../support/keys.js";
import { createMarkedWorld, type MarkedWorld } from "./marked-world.js";
import { argumentsOf, fillersOf, operationFor, placesOf } from "./places.js";

type Field = GraphQLField<unknown, unknown>;

let world: MarkedWorld;
let schema: GraphQLSchema;
beforeAll(async () => {
  [world, schema] = await Promise.all([createMarkedWorld(), buildHeadwaySchema()]);
});
afterAll(() => world.close());

const mutations = (): Field[] => Object.values(schema.getMutationType()!.getFields());
const scopeOf = (name: string): KeyScope => world.keys.find((key) => key.name === name)!.scope!;
const keyThatMay = (permissions: readonly BrowserPermission[], of = "key of collection A"): Promise<string> =>
  keyBy(world.api.rig.db, { role: "VIEWER", scope: { ...scopeOf(of), permissions } });
const BLIND = BROWSER_PERMISSIONS.filter((one) => one !== "READ");

/** Every way to choose some of them, but for none. */
function choices<T>(all: readonly T[]): T[][] {
  const [first, ...rest] = all;
  if (first === undefined) return [];
  const others = choices(rest);
  return [[first], ...others, ...others.map((one) => [first, ...one])];
}

async function codesOf(query: string, as: string, variables: Record<string, unknown> = {}): Promise<string[]> {
  return (await world.api.send(query, variables, as)).errors.map(({ extensions }) => extensions.code);
}

/** How much there is of what mutations make or move, other than uploads. */
function contents(): Promise<unknown> {
  return world.api.rig.db.query(
    `select (select count(*) from headway.status_change) as changes, (select count(*) from headway.collection) as collections,
       (select array_agg(d order by id) from (select id, name, sha256, metadata from headway.document) d) as documents,
       (select count(*) from headway.api_key where created_by <> 'tests') as keys,
       (select count(*) from headway.pipeline_pause) as pauses`,
  );
}

describe("H9: with every choice of permissions", () => {
  test.each([
    ["collection", "key of collection A", choices(BROWSER_PERMISSIONS)],
    // Each alone, and all.
    ["job", "key of job A1", [...BROWSER_PERMISSIONS.map((one) => [one]), BROWSER_PERMISSIONS]],
  ])(
    "a key of one %s is refused just the mutations that it has none for, and changes nothing",
    async (_what, of, chosen) => {
      const before = await contents();
      for (const permissions of chosen) {
        const as = await keyThatMay(permissions, of);
        const answers = mutations().map(async (field) => {
          const codes = await codesOf(operationFor("mutation", field), as, fillersOf(field.args));
          return [field.name, codes];
        });
        const isRefused = ({ name }: Field): boolean => !permissions.includes(MUTATION_PERMISSIONS[name]!);
        expect([permissions, await Promise.all(answers)]).toEqual([
          permissions,
          mutations().map((field) => [field.name, isRefused(field) ? ["FORBIDDEN"] : []]),
        ]);
        const isReader = permissions.includes("READ");
        expect([permissions, await codesOf("{ collections { nodes { id } } }", as)]).toEqual([
          permissions,
          isReader ? [] : ["FORBIDDEN"],
        ]);
        const put = await fetch(`${world.api.url}/uploads/${randomUUID()}`, {
          method: "PUT",
          headers: { authorization: `Bearer ${as}` },
          body: "x",
        });
        expect([permissions, put.status]).toEqual([permissions, permissions.includes("UPLOAD") ? 404 : 403]);
      }
      expect(await contents()).toEqual(before);
    },
  );
});

test.each(["key of collection A", "key of job A1"])(
  "H9: to the %s, with every permission, what lies elsewhere is as if it did not exist in every mutation",
  async (of) => {
    const as = await keyThatMay(BROWSER_PERMISSIONS, of);
    const own = world.keys.find((key) => key.name === of)!.sees;
    const before = await contents();
    for (const field of mutations().filter(({ name }) => MUTATION_PERMISSIONS[name] !== undefined)) {
      const query = operationFor("mutation", field);
      for (const place of placesOf(field)) {
        const ask = async (id: string): Promise<string> => {
          const { data, errors } = await world.api.send(query, place(id), as);
          return JSON.stringify({ data, errors }).replaceAll(id, "<id>");
        };
        const unknown = await ask(randomUUID());
        for (const id of world.scopes.filter((one) => !own.includes(world.places.get(one)!))) {
          expect([field.name, place(id), await ask(id)]).toEqual([field.name, place(id), unknown]);
        }
      }
    }
    expect(await contents()).toEqual(before);
  },
);

describe("H9: a key that may do everything but read", () => {
  test("is told whose key it is, and refused every other query and subscription", async () => {
    const as = await keyThatMay(BLIND);
    for (const field of Object.values(schema.getQueryType()!.getFields())) {
      const codes = await codesOf(operationFor("query", field), as, fillersOf(field.args));
      expect([field.name, codes]).toEqual([field.name, field.name === "viewer" ? [] : ["FORBIDDEN"]]);
    }
    const client = createClient({
      url: `${world.api.url.replace("http", "ws")}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${as}` },
    });
    for (const field of Object.values(schema.getSubscriptionType()!.getFields())) {
      const { declared, given } = argumentsOf(field);
      const query = `subscription ${declared.length > 0 ? `(${declared.join(", ")})` : ""} { ${field.name}${given} { __typename } }`;
      const events: unknown[] = [];
      for await (const event of client.iterate({ query, variables: fillersOf(field.args) })) events.push(event);
      expect(events).toMatchObject([{ errors: [{ extensions: { code: "FORBIDDEN" } }] }]);
    }
    await client.dispose();
  });

  test("walks no payload: every field of what its mutations made but the id is refused before anything is done", async () => {
    const as = await keyThatMay(BLIND);
    const readable = new Set<unknown>(readableTypes(schema));
    const before = await contents();
    let asked = 0;
    for (const mutation of mutations().filter(({ name }) => MUTATION_PERMISSIONS[name] !== undefined)) {
      const { declared, given } = argumentsOf(mutation);
      const forbids = async (selection: string): Promise<void> => {
        const query = `mutation (${declared.join(", ")}) { ${mutation.name}${given} { ${selection} } }`;
        expect([selection, await codesOf(query, as, fillersOf(mutation.args))]).toEqual([selection, ["FORBIDDEN"]]);
        asked += 1;
      };
      for (const field of fieldsOf(mutation.type)) {
        const type = getNamedType(field.type);
        if (!readable.has(type) || !isObjectType(type)) continue;
        for (const inner of fieldsOf(type).filter(({ name }) => name !== "id")) {
          await forbids(`${field.name} { ${inner.name} ${leaves(inner.type)} }`);
        }
        await forbids(`${field.name} { ... on Node { id ... on ${type.name} { ${plainest(type)} } } }`);
      }
    }
    expect(asked).toBeGreaterThan(100);
    expect(await contents()).toEqual(before);
  });

  test("downloads neither artifacts nor originals", async () => {
    const headers = { authorization: `Bearer ${await keyThatMay(BLIND)}` };
    const rows: { at: string }[] = await world.api.rig.db.query(
      "select 'artifacts/' || id as at from headway.artifact where accepted union all select 'originals/' || id from headway.document",
    );
    for (const { at } of rows) expect((await fetch(`${world.api.url}/${at}`, { headers })).status).toBe(403);
    expect(rows.length).toBeGreaterThan(3);
  });
});

// Last: of what it may do, it does some.
test("H9: a key that may do everything but read hears no name, status or id from any mutation but those that it gave", async () => {
  const as = await keyThatMay(BLIND);
  const statuses =
    /\b(QUEUED|WAITING|PROCESSING|RUNNING|CANCELLING|COMPLETED|COMPLETED_WITH_ERRORS|FAILED|SKIPPED|CREATED)\b/;
  const names = /mark-|paused/;
  const own = world.keys.find((key) => key.name === "key of collection A")!.sees;
  const mine = world.scopes.filter((one) => own.includes(world.places.get(one)!));
  let refused = 0;
  for (const field of mutations().filter(({ name }) => MUTATION_PERMISSIONS[name] !== undefined)) {
    for (const place of placesOf(field)) {
      for (const id of mine) {
        const { data, errors } = await world.api.send(operationFor("mutation", field), place(id), as);
        const heard = JSON.stringify({ data, errors }).replaceAll(id, "<id>");
        refused += Number(heard.includes('"message"'));
        expect([field.name, heard]).not.toEqual([field.name, expect.stringMatching(statuses)]);
        expect([field.name, heard]).not.toEqual([field.name, expect.stringMatching(names)]);
        for (const known of world.places.keys())
          expect([field.name, heard.includes(known)]).toEqual([field.name, false]);
      }
    }
  }
  expect(refused).toBeGreaterThan(10);
});

function fieldsOf(type: GraphQLOutputType): Field[] {
  const named = getNamedType(type);
  if (!isObjectType(named)) return [];
  return Object.values(named.getFields()).filter(({ args }) => !args.some(isRequiredArgument));
}

/** A selection of nothing but its name. */
function leaves(type: GraphQLOutputType): string {
  return "getFields" in getNamedType(type) || "getTypes" in getNamedType(type) ? "{ __typename }" : "";
}

function plainest(type: GraphQLObjectType): string {
  return fieldsOf(type).find(({ name, type: inner }) => name !== "id" && leaves(inner) === "")!.name;
}

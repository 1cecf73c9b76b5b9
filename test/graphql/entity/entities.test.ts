import { definePipeline, type CollectionContext } from "../../../src/pipelines/pipeline.js";
import type { EntityDraft } from "../../../src/pipelines/named-entity.js";
import { createTestApi, type TestApi } from "../../support/api.js";
import { until } from "../../support/until.js";

/** What the stage is to stage next, and what it waits for before it ends. */
let next: (ids: string[]) => EntityDraft[] = () => [];
let gate: Promise<void> = Promise.resolve();
let staged = 0;

const graph = definePipeline({
  name: "names",
  version: 1,
  documentStages: [{ name: "read", run: async () => null }],
  collectionStages: [
    {
      name: "graph",
      maxAttempts: 1,
      run: async (ctx: CollectionContext) => {
        const ids: string[] = [];
        for await (const { id } of ctx.documents()) ids.push(id);
        await ctx.entities.replace(next(ids));
        staged += 1;
        await gate;
        return null;
      },
    },
  ],
});

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi([graph]);
  await api.rig.startWorker();
});
afterAll(() => api.close());

function entity(name: string, more: Partial<EntityDraft> = {}): EntityDraft {
  return { name, type: "PERSON", mentions: 1, documentCount: 1, documents: [], related: [], ...more };
}

const ENTITIES = `query ($id: ID!, $first: Int = 10, $after: String, $type: [NamedEntityType!]) {
  collection(id: $id) { entities(first: $first, after: $after, type: $type) { totalCount pageInfo { hasNextPage endCursor }
    nodes { id name type mentions documentCount documents { name } related(first: 5) { together entity { name } } } } } }`;

async function entitiesOf(id: string, variables: Record<string, unknown> = {}): Promise<any> {
  const { data, errors } = await api.send(ENTITIES, { id, ...variables });
  expect(errors).toEqual([]);
  return data!.collection.entities;
}

const named = (page: { nodes: { name: string }[] }): string[] => page.nodes.map(({ name }) => name);

async function processed(collectionId: string, wanted: string): Promise<void> {
  const jobId = await api.rig.submit("names", 0, { collectionId });
  expect(await api.rig.settled(jobId)).toBe(wanted);
}

describe("the entities of a collection", () => {
  test("tell how often and where they are named, and which others stand beside them", async () => {
    const collectionId = await api.rig.collection(3);
    next = ([first, second]) => [
      entity("Ada Lovelace", {
        mentions: 9,
        documentCount: 2,
        documents: [
          { documentId: second!, mentions: 7 },
          { documentId: first!, mentions: 2 },
          { documentId: "00000000-0000-7000-8000-00000000dead", mentions: 1 },
        ],
        related: [
          { name: "London", together: 2 },
          { name: "nobody", together: 1 },
        ],
      }),
      entity("London", { type: "PLACE", mentions: 4, related: [{ name: "Ada Lovelace", together: 2 }] }),
    ];
    expect((await entitiesOf(collectionId)).totalCount).toBe(0);
    await processed(collectionId, "COMPLETED");
    const page = await entitiesOf(collectionId);
    expect(page).toMatchObject({
      totalCount: 2,
      nodes: [
        {
          name: "Ada Lovelace",
          type: "PERSON",
          mentions: 9,
          documentCount: 2,
          documents: [{ name: "d1" }, { name: "d0" }],
          related: [{ together: 2, entity: { name: "London" } }],
        },
        { name: "London", type: "PLACE", related: [{ together: 2, entity: { name: "Ada Lovelace" } }] },
      ],
    });
    expect(named(await entitiesOf(collectionId, { type: ["PLACE"] }))).toEqual(["London"]);
    const { data } = await api.send("query ($id: ID!) { node(id: $id) { __typename id } }", { id: page.nodes[0].id });
    expect(data!.node).toEqual({ __typename: "NamedEntity", id: page.nodes[0].id });
  });

  test("are paged in the order of their importance", async () => {
    const collectionId = await api.rig.collection(1);
    next = () => Array.from({ length: 25 }, (_, index) => entity(`Person ${index}`, { mentions: 50 - index }));
    await processed(collectionId, "COMPLETED");
    const names: string[] = [];
    for (let after: string | null = null, more = true; more;) {
      const page: any = await entitiesOf(collectionId, { first: 10, after });
      names.push(...named(page));
      ({ hasNextPage: more, endCursor: after } = page.pageInfo);
    }
    expect(names).toEqual(Array.from({ length: 25 }, (_, index) => `Person ${index}`));
  });

  test("are the old ones until the task that staged new ones completes, and stay when it fails", async () => {
    const collectionId = await api.rig.collection(1);
    next = () => [entity("Old")];
    await processed(collectionId, "COMPLETED");
    let open: () => void = () => undefined;
    gate = new Promise((resolve) => (open = resolve));
    next = () => [entity("New")];
    const before = staged;
    const jobId = await api.rig.submit("names", 0, { collectionId });
    await until("the new ones are staged", () => staged > before);
    expect(named(await entitiesOf(collectionId))).toEqual(["Old"]);
    open();
    expect(await api.rig.settled(jobId)).toBe("COMPLETED");
    expect(named(await entitiesOf(collectionId))).toEqual(["New"]);
    gate = Promise.reject(Object.assign(new Error("no"), { code: "NO" }));
    gate.catch(() => undefined);
    next = () => [entity("Never")];
    await processed(collectionId, "FAILED");
    expect(named(await entitiesOf(collectionId))).toEqual(["New"]);
    gate = Promise.resolve();
    next = () => [];
    await processed(collectionId, "COMPLETED");
    expect(named(await entitiesOf(collectionId))).toEqual([]);
    const rows = await api.rig.db.query("select name from headway.named_entity where collection_id = $1", [
      collectionId,
    ]);
    expect(rows).toEqual([{ name: "New" }]);
  });

  test.each([
    ["of one name", () => [entity("Twin"), entity("Twin")], /two have the same name/],
    ["without a name", () => [entity(" ")], /its name must have 1 to 200 characters/],
    ["of an unknown type", () => [entity("X", { type: "SHIP" as never })], /its type is SHIP/],
    ["never named", () => [entity("X", { mentions: 0 })], /its counts must be whole numbers from 1/],
    ["too many", () => Array.from({ length: 5_001 }, (_, i) => entity(`n${i}`)), /there are more than 5000/],
  ])("are refused when there are some %s", async (_, make, message) => {
    const collectionId = await api.rig.collection(1);
    next = make;
    await processed(collectionId, "FAILED");
    const [task] = await api.rig.db.query(
      "select error_code, error_message from headway.task where collection_id = $1 and kind = 'COLLECTION'",
      [collectionId],
    );
    expect(task.error_code).toBe("OUTPUT_UNSTORABLE");
    expect(task.error_message).toMatch(message);
  });

  test("go with their collection when it expires", async () => {
    const collectionId = await api.rig.collection(1);
    next = ([first]) => [
      entity("A", { documents: [{ documentId: first!, mentions: 1 }], related: [{ name: "B", together: 1 }] }),
      entity("B"),
    ];
    await processed(collectionId, "COMPLETED");
    const { data } = await api.send(
      "mutation ($id: ID!) { deleteCollection(input: { collectionId: $id }) { collection { status } userErrors { code } } }",
      { id: collectionId },
    );
    expect(data!.deleteCollection).toEqual({ collection: { status: "EXPIRED" }, userErrors: [] });
    const [left] = await api.rig.db.query(
      `select (select count(*) from headway.named_entity where collection_id = $1)::int
         + (select count(*) from headway.named_entity_shown where collection_id = $1)::int as rows`,
      [collectionId],
    );
    expect(left.rows).toBe(0);
    expect(named(await entitiesOf(collectionId))).toEqual([]);
  });

  test("name the field of a first that is out of range", async () => {
    const collectionId = await api.rig.collection(1);
    next = () => [entity("A")];
    await processed(collectionId, "COMPLETED");
    const { errors } = await api.send(
      "query ($id: ID!) { collection(id: $id) { entities { nodes { related(first: 51) { together } } } } }",
      { id: collectionId },
    );
    expect(errors).toMatchObject([
      { message: "first is 51; it must be 0 to 50.", extensions: { code: "BAD_USER_INPUT" } },
    ]);
  });
});

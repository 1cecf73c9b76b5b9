import { getNamedType, isLeafType, isObjectType, type GraphQLField } from "graphql";
import { randomUUID } from "node:crypto";
import { projectNamed } from "../../../src/access/projects.js";
import { buildHeadwaySchema } from "../../../src/graphql/schema.js";
import { definePipeline, PermanentError } from "../../../src/index.js";
import { createTestApi, type TestApi } from "../../support/api.js";
import { keyBy } from "../../support/keys.js";
import { until } from "../../support/until.js";
import { operationFor, placesOf } from "./places.js";
import { changeIds } from "../../support/changes.js";

const gate = { open: null as (() => void) | null };
const rich = definePipeline({
  name: "rich",
  version: 1,
  documentStages: [
    {
      name: "read",
      run: async (ctx) => {
        await ctx.setText("text");
        await ctx.chunks.replace([{ ordinal: 0, text: "text", startOffset: 0, endOffset: 4 }]);
        if (ctx.document.name === "bad") throw new PermanentError("BAD", "as asked for");
        if (ctx.document.name === "held") await new Promise<void>((resolve) => (gate.open = resolve));
      },
    },
  ],
  collectionStages: [
    {
      name: "write",
      run: async (ctx) => {
        await ctx.artifacts.write("a.txt", "a", "text/plain");
      },
    },
  ],
});

let api: TestApi;
/** A key of another project than the one that holds everything. */
let stranger: string;
/** Ids of one of each kind, of the project `default`. */
const theirs: Record<string, string> = {};
beforeAll(async () => {
  api = await createTestApi([rich]);
  await api.rig.startWorker();
  const { id: projectId } = await projectNamed(api.rig.db, "elsewhere");
  stranger = await keyBy(api.rig.db, { projectId, name: "stranger" });
  const { db } = api.rig;
  const settled = await api.rig.collection([
    { name: "good", text: "g" },
    { name: "bad", text: "b" },
  ]);
  const job = await api.rig.submit("rich", 0, { collectionId: settled });
  await api.rig.settled(job);
  const open = await api.rig.collection([{ name: "held", text: "h" }]);
  const openJob = await api.rig.submit("rich", 0, { collectionId: open });
  await until("its task runs", () => gate.open !== null);
  const one = async (sql: string): Promise<string> => (await db.query(sql))[0].id as string;
  Object.assign(theirs, { collection: settled, job, open, openJob });
  theirs.document = await one(`select id from headway.document where name = 'good'`);
  theirs.failedTask = await one("select id from headway.task where status = 'FAILED'");
  theirs.runningTask = await one("select id from headway.task where status = 'RUNNING'");
  theirs.chunk = await one("select id from headway.chunk limit 1");
  theirs.artifact = await one("select id from headway.artifact where accepted");
  theirs.change = (await changeIds(db, "where s.job_id = $1 limit 1", [job]))[0]!;
});
afterAll(async () => {
  gate.open?.();
  await api.close();
});

/** The answer, or a subscription's first result, with the id that was asked for taken out of it. */
async function answer(
  kind: string,
  operation: string,
  variables: Record<string, unknown>,
  id: string,
): Promise<string> {
  const { status, data, errors } =
    kind === "subscription" ? await firstOf(operation, variables) : await api.send(operation, variables, stranger);
  const told = { status, data, errors: errors.map(({ message, extensions }) => ({ message, code: extensions.code })) };
  return JSON.stringify(told).replaceAll(id, "<id>");
}

async function firstOf(query: string, variables: Record<string, unknown>) {
  const { createClient } = await import("graphql-ws");
  const { default: WebSocket } = await import("ws");
  const client = createClient({
    url: `${api.url.replace("http", "ws")}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${stranger}` },
  });
  try {
    const result = await client.iterate({ query, variables }).next();
    return { status: 200, data: result.value?.data ?? null, errors: (result.value?.errors ?? []) as never[] };
  } catch (errors) {
    return { status: 200, data: null, errors: errors as never[] };
  } finally {
    await client.dispose();
  }
}

/** Everything of the project `default` that a request could change. */
async function rowsOfOthers(): Promise<string> {
  const rows = await api.rig.db.query(
    `select (select jsonb_agg(c order by id) from headway.collection c) as c, (select jsonb_agg(d order by id) from headway.document d) as d,
       (select jsonb_agg(j order by id) from headway.job j) as j, (select max(position) from headway.status_change) as p,
       (select jsonb_agg(to_jsonb(t) - 'lease_expires_at' order by id) from headway.task t) as t`,
  );
  return JSON.stringify(rows);
}

test("H6: another project's ids are unknown ids, in every query, mutation and subscription, and nothing of it changes", async () => {
  const schema = await buildHeadwaySchema();
  const before = await rowsOfOthers();
  const told: string[] = [];
  let tried = 0;
  const roots = {
    query: schema.getQueryType(),
    mutation: schema.getMutationType(),
    subscription: schema.getSubscriptionType(),
  };
  for (const [kind, root] of Object.entries(roots)) {
    for (const field of Object.values(root!.getFields())) {
      const operation = operationFor(kind, field);
      for (const place of placesOf(field)) {
        const unknown = randomUUID();
        const expected = await answer(kind, operation, place(unknown), unknown);
        for (const [what, id] of Object.entries(theirs)) {
          const got = await answer(kind, operation, place(id), id);
          tried += 1;
          if (got !== expected) told.push(`${field.name} with the ${what}: ${got} instead of ${expected}`);
        }
      }
    }
  }
  expect(told).toEqual([]);
  expect(tried).toBeGreaterThan(300);
  expect(await rowsOfOthers()).toBe(before);
});

test("H6: another project's artifacts are unknown, and its lists are empty", async () => {
  const get = (id: string): Promise<Response> =>
    fetch(`${api.url}/artifacts/${id}`, { headers: { authorization: `Bearer ${stranger}` } });
  expect((await get(theirs.artifact!)).status).toBe(404);
  const { data, errors } = await api.send(
    `{ collections { totalCount } jobs { totalCount } statusChanges { totalCount } stageCounts { stage } doctor { detail }
       tasks(filter: { status: [RUNNING, QUEUED, WAITING] }) { totalCount } pipelines { queued running }
       collectionByName(name: "collection 1") { id } workers { tasks { totalCount } } }`,
    {},
    stranger,
  );
  expect(errors).toEqual([]);
  const none = { totalCount: 0 };
  expect(data).toEqual({
    collections: none,
    jobs: none,
    statusChanges: none,
    stageCounts: [],
    doctor: [],
    tasks: none,
    pipelines: [{ queued: 0, running: 0 }],
    collectionByName: null,
    workers: [{ tasks: none }],
  });
});

test("names and idempotency keys of one project are free in another, and its work is done by the same workers", async () => {
  const ask = async (query: string, variables: object): Promise<any> => {
    const { data, errors } = await api.send(query, { input: variables }, stranger);
    expect(errors).toEqual([]);
    return Object.values(data!)[0];
  };
  const { collection, userErrors } = await ask(
    "mutation ($input: CreateCollectionInput!) { createCollection(input: $input) { collection { id } userErrors { code } } }",
    { name: "collection 1" },
  );
  expect(userErrors).toEqual([]);
  await ask("mutation ($input: AddDocumentsInput!) { addDocuments(input: $input) { userErrors { code } } }", {
    collectionId: collection.id,
    documents: [{ name: "good", text: "g" }],
  });
  const { job } = await ask(
    "mutation ($input: SubmitJobInput!) { submitJob(input: $input) { job { id waitingOn { code } } userErrors { code } } }",
    { collectionId: collection.id, pipeline: "rich" },
  );
  expect(job.waitingOn?.code).not.toBe("NO_WORKER");
  expect(await api.rig.settled(job.id)).toBe("COMPLETED");
  expect(await api.rig.violations()).toEqual([]);
});

test("H6: another project's ids are unknown in every nested field of what is one's own", async () => {
  const own = await ownOfEachType();
  const schema = await buildHeadwaySchema();
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  const told: string[] = [];
  const asked = new Set<string>();
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || roots.includes(type)) continue;
    for (const field of Object.values(type.getFields())) {
      for (const place of placesOf(field)) {
        // What takes an id must be a node, or this walk can't get to it.
        expect(own).toHaveProperty(type.name);
        asked.add(`${type.name}.${field.name}`);
        const operation = nestedOperationFor(type.name, field);
        const at = (id: string) => ({ ownId: own[type.name], ...place(id) });
        const unknown = randomUUID();
        const expected = await answer("query", operation, at(unknown), unknown);
        expect(expected).toContain('"status":200');
        for (const [what, id] of Object.entries(theirs)) {
          const got = await answer("query", operation, at(id), id);
          if (got !== expected) told.push(`${type.name}.${field.name} with the ${what}: ${got} instead of ${expected}`);
        }
      }
    }
  }
  expect(told).toEqual([]);
  expect([...asked].sort()).toEqual(expect.arrayContaining(["Collection.jobs", "Job.task", "Job.tasks"]));
});

/** One collection with a settled job, of the stranger's project: an id of each type that takes ids in its fields. */
async function ownOfEachType(): Promise<Readonly<Record<string, string>>> {
  const run = async (query: string, input: object): Promise<any> => {
    const { data, errors } = await api.send(query, { input }, stranger);
    expect(errors).toEqual([]);
    return Object.values(data!)[0];
  };
  const { collection } = await run(
    "mutation ($input: CreateCollectionInput!) { createCollection(input: $input) { collection { id } } }",
    { name: "own" },
  );
  const { documents } = await run(
    "mutation ($input: AddDocumentsInput!) { addDocuments(input: $input) { documents { id } } }",
    { collectionId: collection.id, documents: [{ name: "good", text: "g" }] },
  );
  const { job } = await run("mutation ($input: SubmitJobInput!) { submitJob(input: $input) { job { id } } }", {
    collectionId: collection.id,
    pipeline: "rich",
  });
  expect(await api.rig.settled(job.id)).toBe("COMPLETED");
  const { data } = await api.send(
    "query ($id: ID!) { job(id: $id) { tasks { nodes { id worker { id } } } } }",
    {
      id: job.id,
    },
    stranger,
  );
  const [task] = data!.job.tasks.nodes;
  const [worker] = await api.rig.db.query("select id from headway.worker limit 1");
  return { Collection: collection.id, Document: documents[0].id, Job: job.id, Task: task.id, Worker: worker.id };
}

/** The field of the node with the id $ownId, asked for ids and messages but for no foreign thing by name. */
function nestedOperationFor(typeName: string, field: GraphQLField<unknown, unknown>): string {
  const variables = ["$ownId: ID!", ...field.args.map(({ name, type }) => `$${name}: ${String(type)}`)].join(", ");
  const args = field.args.map(({ name }) => `${name}: $${name}`).join(", ");
  const type = getNamedType(field.type);
  const fields = isObjectType(type) ? type.getFields() : {};
  const selection = isLeafType(type) ? "" : fields.nodes ? "{ nodes { id } }" : fields.id ? "{ id }" : "{ __typename }";
  return `query (${variables}) { node(id: $ownId) { ... on ${typeName} { ${field.name}(${args}) ${selection} } } }`;
}

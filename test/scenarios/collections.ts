import pg from "pg";
import { z } from "zod";
import { PermanentError } from "../../src/errors.js";
import { definePipeline, type DocumentContext } from "../../src/pipelines/pipeline.js";
import { createTestApi, type TestApi } from "../support/api.js";
import { until } from "../support/until.js";
import { doctor, submitted, type Batch } from "./batches.js";
import { Gate } from "./gate.js";
import { collectionOf } from "./main-job.js";

/** Two chunks a file, with or without embeddings for the second; "bad" files fail, and "odd" ones warn. */
export const library = definePipeline({
  name: "library",
  version: 1,
  options: z.object({ embeddings: z.boolean().default(true) }),
  documentStages: [
    {
      name: "index",
      run: async (ctx: DocumentContext) => {
        const text = await ctx.document.text();
        if (text === "bad") throw new PermanentError("BAD_FILE", "The file is bad.");
        if (text === "odd") ctx.warn("NO_THUMBNAIL", "The thumbnail could not be made.");
        const [startOffset, endOffset] = [0, text.length];
        const vectors = [new Float32Array([1, 0]), ctx.options.embeddings ? new Float32Array([0, 1]) : null];
        await ctx.chunks.replace(
          vectors.map((embedding, ordinal) => ({ ordinal, text, startOffset, endOffset, embedding })),
        );
      },
    },
  ],
  collectionStages: [{ name: "sum", run: async () => ({ done: true }) }],
});

/** A file of `gated` is held until the test lets it through. */
export const gate = new Gate();
export const gated = definePipeline({ name: "gated", version: 1, documentStages: [{ name: "hold", run: gate.run }] });

export const SUBMIT = `mutation ($input: SubmitJobInput!) { submitJob(input: $input) { deduplicated
  userErrors { code message } job { id status collection { status currentJob { id } } } } }`;

/** The API over both pipelines with a worker, and what the tests of collections do all the time. */
export interface Shelf {
  readonly api: TestApi;
  ask(query: string, variables?: Record<string, unknown>): Promise<Record<string, any>>;
  sql(query: string, ...values: unknown[]): Promise<any[]>;
  /** Fields of one collection. */
  read(id: string, fields: string): Promise<any>;
  /** A collection that nothing has been submitted of: files of these texts, or one. */
  fresh(name: string, ...texts: string[]): Promise<string>;
  /** Gives the file its new content. */
  rewrite(id: string, name: string, text: string): Promise<void>;
  /** Files of these texts through the library, to the end. */
  indexed(...texts: string[]): Promise<Batch>;
  /** Lets the one held file through, to the end of its job. */
  letThrough(jobId: string): Promise<void>;
  retry(jobId: string): Promise<void>;
  close(): Promise<void>;
}

export async function openShelf(): Promise<Shelf> {
  const api = await createTestApi([gated, library]);
  await api.rig.startWorker();
  const ask = (query: string, variables = {}): Promise<Record<string, any>> => api.client.query(query, variables);
  return {
    api,
    ask,
    sql: (query, ...values) => api.rig.db.query(query, values),
    read: async (id, fields) =>
      (await ask(`query ($id: ID!) { collection(id: $id) { ${fields} } }`, { id })).collection,
    fresh(name, ...texts) {
      const list = texts.length > 0 ? texts : ["one"];
      return collectionOf(
        api.client,
        name,
        list.map((text, index) => ({ name: `file ${index}`, text })),
      );
    },
    async rewrite(collectionId, name, text) {
      await api.client.mutate(
        "mutation ($input: AddDocumentsInput!) { addDocuments(input: $input) { userErrors { code message } } }",
        { input: { collectionId, documents: [{ name, text }] } },
      );
    },
    async indexed(...texts) {
      const batch = await submitted(api, "library", texts);
      await api.rig.settled(batch.jobId);
      return batch;
    },
    async letThrough(jobId) {
      await until("the file is held", () => gate.held.length === 1);
      gate.open(gate.held[0]!);
      await api.rig.settled(jobId);
    },
    async retry(jobId) {
      const RETRY =
        "mutation ($input: RetryJobInput!) { retryJob(input: $input) { job { id } userErrors { code message } } }";
      await api.client.mutate(RETRY, { input: { jobId } });
      await api.rig.settled(jobId);
    },
    async close() {
      const violations = await doctor(api);
      await api.close();
      expect(violations).toEqual([]);
    },
  };
}

/** A hand-written change of a collection's status from the version given. */
const CHANGE = `update headway.collection set status = $2, change_reason = $3, version = $4::int + 1, change_id = gen_random_uuid()
  where id = $1`;

export interface HandWritten {
  readonly status: string;
  readonly reason: string;
  readonly fromVersion: number;
}

export async function writeByHand({ rig }: TestApi, id: string, change: HandWritten): Promise<void> {
  await rig.db.query(CHANGE, [id, change.status, change.reason, change.fromVersion]);
}

/**
 * Two writers over connections of their own that both start from the same version: the first has written and not yet
 * committed when the second writes. Returns what became of the second.
 */
export async function race(api: TestApi, id: string, first: HandWritten, second: HandWritten): Promise<string> {
  const clients = [new pg.Client({ connectionString: api.rig.url }), new pg.Client({ connectionString: api.rig.url })];
  const [one, other] = clients as [pg.Client, pg.Client];
  const write = (client: pg.Client, { status, reason, fromVersion }: HandWritten): Promise<unknown> =>
    client.query(CHANGE, [id, status, reason, fromVersion]);
  try {
    await Promise.all(clients.map((client) => client.connect()));
    await one.query("begin");
    await write(one, first);
    const outcome = write(other, second).then(
      () => "written",
      (error: Error) => error.message,
    );
    await until("the second waits for the row", async () => {
      const waiting: unknown[] = await api.rig.db.query(
        `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
           and query like 'update headway.collection%'`,
      );
      return waiting.length === 1;
    });
    await one.query("commit");
    return await outcome;
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
}

export interface Words {
  readonly check: readonly string[];
  readonly transitions: readonly string[];
  readonly graphql: readonly string[];
}

/** The status words of one level as its column, the transition table and the GraphQL enum have them, each sorted. */
export async function wordsOf(
  { rig, client }: TestApi,
  table: string,
  levels: readonly string[],
  enumName: string,
): Promise<Words> {
  const checks: { definition: string }[] = await rig.db.query(
    `select pg_get_constraintdef(oid) as definition from pg_constraint
     where conrelid = $1::regclass and contype = 'c' and conname like '%status_check'`,
    [`headway.${table}`],
  );
  const transitions: { word: string }[] = await rig.db.query(
    `select to_status as word from headway.transition where level = any ($1)
     union select from_status from headway.transition where level = any ($1) and from_status is not null order by 1`,
    [levels],
  );
  const { type } = await client.query<{ type: { enumValues: { name: string }[] } }>(
    "query ($name: String!) { type: __type(name: $name) { enumValues { name } } }",
    { name: enumName },
  );
  return {
    check: [...checks[0]!.definition.matchAll(/'([A-Z_]+)'/g)].map((match) => match[1]!).sort(),
    transitions: transitions.map(({ word }) => word).sort(),
    graphql: type.enumValues.map(({ name }) => name).sort(),
  };
}

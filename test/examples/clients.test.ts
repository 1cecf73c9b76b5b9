import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { createTestDatabase, type TestDatabase } from "../support/database.js";
import { keyIn } from "../support/keys.js";
import { ROOT, startHeadway, type HeadwayProcess } from "../support/processes.js";
import { until } from "../support/until.js";

const CLIENTS = path.join(ROOT, "examples", "clients");
const COMMANDS = {
  apollo: [process.execPath, "apollo.mjs"],
  urql: [process.execPath, "urql.mjs"],
  relay: [process.execPath, "relay/relay.mjs"],
  curl: ["bash", "curl.sh"],
  codegen: [process.execPath, "codegen/dist/client.js"],
  headway: [process.execPath, "headway.mjs"],
} as const;
type Client = keyof typeof COMMANDS;
const CLIENT_NAMES = Object.keys(COMMANDS) as Client[];

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The line that an example ends with; what only some clients have, they alone show. */
interface Line {
  readonly client: string;
  readonly collectionId: string;
  readonly jobId: string;
  readonly status: string;
  readonly changes: { readonly received: number; readonly applied?: number; readonly polled?: number };
  readonly summary: object;
  /** The screen as the stream left it, before anything was read again. */
  readonly live?: { readonly status: string; readonly tasks: readonly Row[] };
  readonly pages: readonly number[];
  readonly tasks: readonly Row[];
  /** Tasks in the client's own cache, each once. */
  readonly cached?: number;
}
type Row = readonly [documentName: string | null, status: string];

/** What the server says about a job. */
interface Truth {
  readonly status: string;
  readonly tasks: readonly Row[];
  readonly changes: number;
}

let database: TestDatabase;
let headway: HeadwayProcess;
let key: string;
beforeAll(async () => {
  database = await createTestDatabase();
  headway = await startHeadway({
    DATABASE_URL: database.url,
    HEADWAY_PIPELINES: path.join(ROOT, "examples", "pipelines"),
  });
  key = await keyIn(database.url, { role: "OPERATOR" });
  const compiled = await run(process.execPath, [path.join(ROOT, "node_modules/typescript/bin/tsc"), "-p", "codegen"]);
  expect(compiled).toEqual({ code: 0, stdout: "", stderr: "" });
});
afterAll(async () => {
  await headway.stop();
  await database.drop();
});

function run(command: string, args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(command, args, { cwd: CLIENTS }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

/** Runs an example as a person would, against the server of this file. */
function example(client: Client, ...args: string[]): Promise<Ended> {
  const [command, file] = COMMANDS[client];
  return run(command, [file, "--url", headway.url, "--name", `${client} ${args.join(" ")}`, ...args]);
}

/** @throws with the errors, if there are any */
async function ask<Data>(query: string, variables: object, as = key): Promise<Data> {
  const response = await fetch(`${headway.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${as}` },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await response.json()) as { data: Data; errors?: readonly object[] };
  expect(errors).toBeUndefined();
  return data;
}

async function mutate(field: "pausePipeline" | "resumePipeline", input: object): Promise<void> {
  const type = `${field[0]!.toUpperCase()}${field.slice(1)}Input!`;
  const mutation = `mutation ($input: ${type}) { ${field}(input: $input) { userErrors { message } } }`;
  expect(await ask(mutation, { input }, headway.key)).toEqual({ [field]: { userErrors: [] } });
}

async function openSockets(): Promise<number> {
  const metrics = await (await fetch(`${headway.url}/metrics`)).text();
  return Number(/^headway_sockets (\d+)$/m.exec(metrics)![1]);
}

async function truthOf(jobId: string): Promise<Truth> {
  const data = await ask<{
    job: { status: string; tasks: { nodes: { documentName: string | null; status: string }[] } };
    statusChanges: { totalCount: number };
  }>(
    `query ($id: ID!) {
      job(id: $id) { status tasks(first: 100) { nodes { documentName status } } }
      statusChanges(filter: { jobId: $id }) { totalCount }
    }`,
    { id: jobId },
  );
  const tasks = data.job.tasks.nodes.map(({ documentName, status }): Row => [documentName, status]);
  return { status: data.job.status, tasks, changes: data.statusChanges.totalCount };
}

const lineOf = ({ stdout }: Ended): Line => JSON.parse(stdout.trimEnd().split("\n").at(-1)!) as Line;

describe("a client made with", () => {
  test.each(CLIENT_NAMES)(
    "%s sees all of a job: every change, the summary and page by page its tasks",
    async (client) => {
      const ended = await example(client, "--key", key);
      expect({ ...ended, stdout: "" }).toEqual({ code: 0, stdout: "", stderr: "" });
      const line = lineOf(ended);
      const truth = await truthOf(line.jobId);
      expect(line).toMatchObject({
        client,
        status: "COMPLETED_WITH_ERRORS",
        summary: { total: 7, completed: 6, failed: 1, errors: [["EMPTY_DOCUMENT", "validate", 1]] },
        pages: [3, 3, 2],
      });
      const documents = JSON.parse(await readFile(path.join(CLIENTS, "documents.json"), "utf8")) as { name: string }[];
      expect(line.tasks.map(([name]) => name)).toEqual([...documents.map(({ name }) => name), null]);
      expect({ status: line.status, tasks: line.tasks, changes: line.changes.received }).toEqual(truth);
      if (client === "curl") expect(line.changes.polled).toBe(truth.changes);
    },
  );

  test.each<Client>(["apollo", "urql", "relay"])(
    "%s has its cache kept up to date by the stream alone, with each task in it once",
    async (client) => {
      // Held until the client listens, which it does once it has its first page: a quick job leaves nothing to bring.
      await mutate("pausePipeline", { pipeline: "word-count", reason: "until the client listens" });
      const ending = example(client, "--key", key, "--pipeline", "word-count");
      await until("the client listens", async () => (await openSockets()) > 0);
      await mutate("resumePipeline", { pipeline: "word-count" });
      const line = lineOf(await ending);
      const truth = await truthOf(line.jobId);
      expect(line.live).toEqual({ status: truth.status, tasks: truth.tasks.slice(0, 3) });
      expect(line.changes.applied).toBeGreaterThan(0);
      expect(line.cached).toBe(truth.tasks.length);
      expect(line.summary).toMatchObject({ failed: 1, errors: [["EMPTY", "count", 1]] });
    },
  );

  test.each(CLIENT_NAMES)(
    "%s shows why a mutation was not done, and why a request was not answered",
    async (client) => {
      const [refused, unknown] = await Promise.all([
        example(client, "--key", key, "--pipeline", "nonsense"),
        example(client, "--key", "hw_wrong"),
      ]);
      expect(refused).toMatchObject({ code: 1, stdout: "" });
      expect(refused.stderr).toMatch(/^UNKNOWN_PIPELINE: There is no pipeline "nonsense"/);
      expect(unknown).toMatchObject({ code: 1, stdout: "" });
      expect(unknown.stderr).toContain("This key is unknown, revoked or expired. Use another key.");
    },
  );
});

test("the subscription for a shell says what it needs, and why it was refused", async () => {
  const args = ["subscribe.mjs", "--url", headway.url, "--key"];
  const job = "00000000-0000-7000-8000-00000000ffff";
  const [incomplete, refused, unknown] = await Promise.all([
    run(process.execPath, [...args, key, job]),
    run(process.execPath, [...args, "hw_wrong", job, "cursor"]),
    run(process.execPath, [...args, key, job, "cursor"]),
  ]);
  expect(incomplete.stderr).toBe("Say which job, and a cursor from streamCursor to begin behind.\n");
  expect(refused.stderr).toBe("The socket was closed: 4403 The key is missing, unknown, revoked or expired\n");
  expect(unknown.stderr).toContain(job);
  expect([incomplete, refused, unknown].map(({ code, stdout }) => [code, stdout])).toEqual(Array(3).fill([1, ""]));
});

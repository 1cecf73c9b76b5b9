import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parse } from "csv-parse/sync";
import pg from "pg";
import { ApiClient } from "../../src/cli/client.js";
import { createTestDatabase, type TestDatabase } from "../support/database.js";
import { until } from "../support/until.js";
import { ROOT, startHeadway, type HeadwayProcess } from "../support/processes.js";
import { collectionOf, progressOf, submit } from "./main-job.js";

const FIXTURES = path.join(ROOT, "test", "pipelines", "expenses", "fixtures");
const file = (name: string): object => ({ name, base64: readFileSync(path.join(FIXTURES, name)).toString("base64") });
const BROKEN = { name: "corrupt.pdf", base64: Buffer.from("%PDF-1.7 this is no PDF at all").toString("base64") };
const JOB = `query ($id: ID!) { job(id: $id) { status summary { output } artifacts { nodes { name url } }
  tasks(filter: { status: [FAILED] }) { nodes { documentName stage error { code message } } } } }`;

let database: TestDatabase;
let headway: HeadwayProcess;
let api: ApiClient;
let dataDir: string;

beforeAll(async () => {
  database = await createTestDatabase();
  dataDir = await mkdtemp(path.join(tmpdir(), "headway-expenses-"));
  headway = await startHeadway({ DATABASE_URL: database.url, HEADWAY_DATA_DIR: dataDir, HEADWAY_SWEEP_MS: "500" });
  api = new ApiClient(headway.url, headway.key);
});
afterAll(async () => {
  await api.close();
  await headway.stop();
  await database.drop();
  await rm(dataDir, { recursive: true, force: true });
});

const download = (url: string): Promise<Response> =>
  fetch(url, { headers: { authorization: `Bearer ${headway.key}` } });

async function run(name: string, pipeline: string, documents: readonly object[], options: object): Promise<any> {
  const jobId = await submit(api, await collectionOf(api, name, documents), pipeline, { options });
  await progressOf(api, jobId);
  return (await api.query<{ job: any }>(JOB, { id: jobId })).job;
}

test("two sessions at once end with reports; a corrupt PDF fails alone; credits, incomplete lines and aliases come out", async () => {
  const names = ["corporate-members.csv", "us-card.pdf", "line-printer.pdf", "refund.txt", "cafe-paris.txt"];
  const options = { aliases: { "John Smith": ["J SMITH", "SMITH JOHN"] } };
  const [one, other] = await Promise.all([
    run("session one", "expenses", [...names.map(file), BROKEN], options),
    run("session two", "expenses", [file("de-konto.csv"), file("hotel.pdf")], {}),
  ]);
  expect(one).toMatchObject({
    status: "COMPLETED_WITH_ERRORS",
    summary: { output: { statements: 3, lines: 19, receipts: 2, incompleteLines: 5, flags: { credit: 4 } } },
    tasks: { nodes: [{ documentName: "corrupt.pdf", stage: "extract", error: { code: "MALFORMED_DOCUMENT" } }] },
  });
  const employees = one.summary.output.totals.byEmployee.map(({ name }: { name: string }) => name);
  expect(employees).toContain("John Smith");
  expect(employees).not.toContain("J SMITH");
  expect(other).toMatchObject({ status: "COMPLETED", summary: { output: { lines: 4, receipts: 1 } } });
  const urls = new Map<string, string>(one.artifacts.nodes.map((node: any) => [node.name, node.url]));
  const csv = await (await download(urls.get("report.csv")!)).text();
  expect(csv).toContain("'=HYPERLINK");
  expect(csv).not.toMatch(/(^|,)"?=HYPERLINK/m);
  expect((await download(urls.get("report.xlsx")!)).status).toBe(200);
});

test("a batch of good and broken files ends with errors and one row per file, with its fields added up", async () => {
  const job = await run(
    "mixed batch",
    "batch",
    [file("vat-invoice.txt"), file("restaurant.txt"), file("hotel.pdf"), BROKEN, { name: "empty.txt", text: "" }],
    { fields: { invoice: { pattern: "Invoice number: (\\S+)" }, total: { label: "Total inc. VAT", type: "number" } } },
  );
  expect(job).toMatchObject({
    status: "COMPLETED_WITH_ERRORS",
    summary: {
      output: {
        files: 5,
        byStatus: { COMPLETED: 3, FAILED: 2 },
        fields: { invoice: { files: 1 }, total: { files: 1, sum: 114.84 } },
      },
    },
  });
  const rows = (await (
    await download(job.artifacts.nodes.find((node: any) => node.name === "batch.json").url)
  ).json()) as any[];
  expect(rows.map(({ file: name, status }) => `${name} ${status}`)).toContain("corrupt.pdf FAILED");
});

interface ReportRow {
  readonly record: string;
  readonly document: string;
  readonly description: string;
  readonly employee: string;
  readonly currency: string;
  readonly amount: string;
  readonly status: string;
  readonly flags: string;
}

async function rowsOf(job: any): Promise<ReportRow[]> {
  const { url } = job.artifacts.nodes.find((node: any) => node.name === "report.csv");
  return parse(await (await download(url)).text(), { columns: true, bom: true }) as ReportRow[];
}

/** In minor units, for sums without fractions of a cent. */
const minor = (amount: string): number => Math.round(Number(amount) * 100);

test("what a line lacks is flagged and the line kept, a credit stays negative, and the totals are the sums of the lines", async () => {
  const job = await run("sums", "expenses", ["corporate-members.csv", "us-card.pdf", "line-printer.pdf"].map(file), {});
  const rows = await rowsOf(job);
  const lines = rows.filter(({ record }) => record === "line");
  expect(lines).toHaveLength(19);
  const lacking = lines.filter(({ flags }) => flags.includes("incomplete"));
  expect(lacking.map(({ flags }) => /incomplete: \w+/.exec(flags)![0]).sort()).toEqual([
    "incomplete: amount",
    "incomplete: amount",
    "incomplete: date",
    "incomplete: date",
    "incomplete: employee",
  ]);
  expect(lines.find(({ description }) => description.startsWith("PAYMENT THANK YOU"))!.amount).toBe("-1204.11");
  const counted = lines.filter(({ amount, status }) => amount !== "" && status !== "duplicate");
  const { totals } = job.summary.output;
  for (const [name, keyOf] of [
    ["byEmployee", (row: ReportRow) => `${row.employee || "(no employee)"} ${row.currency}`],
    ["byCurrency", (row: ReportRow) => row.currency],
  ] as const) {
    const sums = new Map<string, number>();
    for (const row of counted) sums.set(keyOf(row), (sums.get(keyOf(row)) ?? 0) + minor(row.amount));
    const told = totals[name].map((total: any) => [
      name === "byCurrency" ? total.currency : `${total.name} ${total.currency}`,
      total.amountMinor,
    ]);
    expect(new Map(told)).toEqual(sums);
  }
});

test("employees are known by the aliases that the collection's metadata gives, too", async () => {
  const { collection } = await api.mutate<{ collection: { id: string }; userErrors: [] }>(
    `mutation ($input: CreateCollectionInput!) { createCollection(input: $input) { collection { id } userErrors { message } } }`,
    { input: { name: "aliases", metadata: { aliases: { "John Smith": ["J SMITH", "SMITH JOHN"] } } } },
  );
  await api.mutate(
    `mutation ($input: AddDocumentsInput!) { addDocuments(input: $input) { documents { id } userErrors { message } } }`,
    { input: { collectionId: collection.id, documents: [file("corporate-members.csv")] } },
  );
  const jobId = await submit(api, collection.id, "expenses");
  await progressOf(api, jobId);
  const job = (await api.query<{ job: any }>(JOB, { id: jobId })).job;
  const employees = (await rowsOf(job)).filter(({ record }) => record === "line").map(({ employee }) => employee);
  expect(employees).toContain("John Smith");
  expect(employees.filter((name) => /^(J SMITH|SMITH JOHN)$/.test(name))).toEqual([]);
});

test("a session goes after its 90 days, report and receipts with it; that it was stays on record", async () => {
  const { collection } = await api.mutate<{ collection: { id: string; expiresAt: string }; userErrors: [] }>(
    `mutation ($input: CreateCollectionInput!) { createCollection(input: $input) { collection { id expiresAt } userErrors { message } } }`,
    { input: { name: "retained", expiresInDays: 90 } },
  );
  expect((Date.parse(collection.expiresAt) - Date.now()) / 86_400_000).toBeCloseTo(90, 1);
  await api.mutate(
    `mutation ($input: AddDocumentsInput!) { addDocuments(input: $input) { documents { id } userErrors { message } } }`,
    { input: { collectionId: collection.id, documents: [file("us-card.pdf"), file("refund.txt")] } },
  );
  const jobId = await submit(api, collection.id, "expenses");
  await progressOf(api, jobId);
  const { url } = (await api.query<{ job: any }>(JOB, { id: jobId })).job.artifacts.nodes[0];
  expect((await download(url)).status).toBe(200);

  const db = new pg.Client({ connectionString: database.url });
  await db.connect();
  await db.query("update headway.collection set expires_at = clock_timestamp() - interval '1 s' where id = $1", [
    collection.id,
  ]);
  const after = async (): Promise<any> =>
    (
      await api.query<{ collection: any }>(
        `query ($id: ID!) { collection(id: $id) { status documentCount documents { nodes { id } } history { nodes { reason } }
           lastJob { status counts { total completed } tasks { nodes { status documentName } } } } }`,
        { id: collection.id },
      )
    ).collection;
  await until("the session has expired and is empty", async () => {
    const { rows } = await db.query("select emptied_at from headway.collection where id = $1", [collection.id]);
    return rows[0].emptied_at !== null;
  });
  await db.end();
  const left = await after();
  expect(left).toMatchObject({
    status: "EXPIRED",
    documentCount: 0,
    documents: { nodes: [] },
    lastJob: { status: "COMPLETED", counts: { total: 2, completed: 2 } },
  });
  expect(left.history.nodes.map(({ reason }: { reason: string }) => reason)).toContain("EXPIRED_BY_RETENTION");
  expect((await download(url)).status).toBe(404);
});

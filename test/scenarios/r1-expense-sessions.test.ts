import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { ApiClient } from "../../src/cli/client.js";
import { ROOT, startHeadway, type HeadwayProcess } from "../support/processes.js";
import { collectionOf, progressOf, submit } from "./main-job.js";

const FIXTURES = path.join(ROOT, "test", "pipelines", "expenses", "fixtures");
const file = (name: string): object => ({ name, base64: readFileSync(path.join(FIXTURES, name)).toString("base64") });
const BROKEN = { name: "corrupt.pdf", base64: Buffer.from("%PDF-1.7 this is no PDF at all").toString("base64") };
const JOB = `query ($id: ID!) { job(id: $id) { status summary { output } artifacts { nodes { name url } }
  tasks(filter: { status: [FAILED] }) { nodes { documentName stage error { code message } } } } }`;

let headway: HeadwayProcess;
let api: ApiClient;
let dataDir: string;

beforeAll(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), "headway-expenses-"));
  headway = await startHeadway({ HEADWAY_DATA_DIR: dataDir });
  api = new ApiClient(headway.url, headway.key);
}, 60_000);
afterAll(async () => {
  await api.close();
  await headway.stop();
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
}, 120_000);

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
  const rows: any[] = await (
    await download(job.artifacts.nodes.find((node: any) => node.name === "batch.json").url)
  ).json();
  expect(rows.map(({ file: name, status }) => `${name} ${status}`)).toContain("corrupt.pdf FAILED");
}, 120_000);

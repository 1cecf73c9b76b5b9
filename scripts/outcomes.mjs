// npm run outcomes -- FOLDER [--pipeline NAME] [--references FOLDER]: takes every file of a folder through a pipeline
// (`documents`) on a server of its own, and prints what came of each as a Markdown table: file, outcome, characters, chunks, and
// what people are told; and how long the job took, from submit to settled. What the folder `references` in it (or the one named) has of
// a file, as FILE.txt or FILE.*.txt where more than one order is right, is compared: recall, precision and order of the words.
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { ready, ROOT } from "./ready.mjs";

/** Of a text or a list of chunks, at once. */
const SLICE = 100_000;
const SHORT = 50;

const { values: options, positionals } = parseArgs({
  options: { pipeline: { type: "string", default: "documents" }, references: { type: "string" } },
  allowPositionals: true,
});
const folder = path.resolve(positionals[0] ?? path.join(ROOT, "examples", "documents"));
const referenceFolder = path.resolve(options.references ?? path.join(folder, "references"));
if (options.references !== undefined && !existsSync(referenceFolder)) {
  console.error(`--references is ${referenceFolder}, which is not there.`);
  process.exit(2);
}
const references = existsSync(referenceFolder) ? await readdir(referenceFolder) : [];
const names = (await readdir(folder, { withFileTypes: true })).filter((one) => one.isFile()).map(({ name }) => name);
ready();
const { ApiClient } = await import(new URL("../dist/src/cli/client.js", import.meta.url).href);
const { startHeadway } = await import(new URL("../dist/test/support/processes.js", import.meta.url).href);
const { scoreOf } = await import(new URL("../dist/bench/score.js", import.meta.url).href);
const dataDir = await mkdtemp(path.join(tmpdir(), "headway-outcomes-"));
const headway = await startHeadway({ HEADWAY_DATA_DIR: dataDir, HEADWAY_FILE_ROOTS: folder });
const api = new ApiClient(headway.url, headway.key);
try {
  const documents = names.sort().map((name) => ({ name, uri: pathToFileURL(path.join(folder, name)).href }));
  const found = [];
  for await (const document of outcomesOf(documents)) {
    const outcome = { ...document, score: await compared(document.name, document.text) };
    found.push(outcome);
    printLine(outcome);
  }
  printSummary(found);
} finally {
  await api.close();
  await headway.stop();
  await rm(dataDir, { recursive: true, force: true });
}

async function* outcomesOf(documents) {
  const { collection } = await api.mutate(
    `mutation { createCollection(input: { name: "outcomes" }) { collection { id } userErrors { message } } }`,
  );
  await api.mutate(
    `mutation ($input: AddDocumentsInput!) { addDocuments(input: $input) { documents { id } userErrors { message } } }`,
    { input: { collectionId: collection.id, documents } },
  );
  const submittedAt = performance.now();
  let settledAt = submittedAt;
  const { job } = await api.mutate(
    `mutation ($input: SubmitJobInput!) { submitJob(input: $input) { job { id } userErrors { message } } }`,
    { input: { collectionId: collection.id, pipeline: options.pipeline } },
  );
  for await (const { jobProgress } of api.subscribe(
    `subscription ($id: ID!) { jobProgress(jobId: $id) { status counts { completed failed total } } }`,
    { id: job.id },
  )) {
    const { status, counts } = jobProgress;
    settledAt = performance.now();
    process.stderr.write(`${status}: ${counts.completed} completed, ${counts.failed} failed of ${counts.total}\n`);
  }
  console.log(`${documents.length} documents in ${((settledAt - submittedAt) / 1_000).toFixed(1)} s\n`);
  console.log("| file | outcome | characters | chunks | recall | precision | order | told |");
  console.log("|---|---|---|---|---|---|---|---|");
  for (const { id, ...document } of await everyDocument(collection.id)) {
    const text = document.lastTask.error ? "" : await textOf(id);
    yield { ...document, text, chunkLengths: await chunkLengthsOf(id) };
  }
}

async function everyDocument(id) {
  const found = [];
  for (let after = null, more = true; more;) {
    const { collection } = await api.query(
      `query ($id: ID!, $after: String) { collection(id: $id) { documents(first: 100, after: $after) {
         nodes { id name lastTask { status error { code stage message } warnings { code } } }
         pageInfo { hasNextPage endCursor } } } }`,
      { id, after },
    );
    found.push(...collection.documents.nodes);
    ({ hasNextPage: more, endCursor: after } = collection.documents.pageInfo);
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function textOf(id) {
  let text = "";
  for (;;) {
    const { document } = await api.query(
      "query ($id: ID!, $offset: Int!, $limit: Int!) { document(id: $id) { text(offset: $offset, limit: $limit) } }",
      { id, offset: text.length, limit: SLICE },
    );
    if (!document.text) return text;
    text += document.text;
    if (document.text.length < SLICE) return text;
  }
}

async function chunkLengthsOf(id) {
  const lengths = [];
  for (let after = null, more = true; more;) {
    const { document } = await api.query(
      `query ($id: ID!, $after: String) { document(id: $id) { chunks(first: 100, after: $after) {
         nodes { startOffset endOffset } pageInfo { hasNextPage endCursor } } } }`,
      { id, after },
    );
    for (const { startOffset, endOffset } of document.chunks.nodes) lengths.push(endOffset - startOffset);
    ({ hasNextPage: more, endCursor: after } = document.chunks.pageInfo);
  }
  return lengths;
}

/** Null where nothing stands beside the file, or it was not read. */
async function compared(name, text) {
  const own = references.filter((one) => one.startsWith(`${name}.`) && one.endsWith(".txt"));
  if (own.length === 0 || text === "") return null;
  return scoreOf(text, await Promise.all(own.map((one) => readFile(path.join(referenceFolder, one), "utf8"))));
}

function printLine({ name, lastTask, text, chunkLengths, score }) {
  const { status, error, warnings } = lastTask;
  const outcome = error ? `${status} ${error.code} at ${error.stage}` : status;
  const told = [error?.message, ...warnings.map(({ code }) => code)].filter(Boolean).join("; ").replaceAll("|", "\\|");
  const shares = ["recall", "precision", "order"].map((key) => score?.[key].toFixed(3) ?? "");
  console.log(`| ${[name, outcome, text.length, chunkLengths.length, ...shares, told].join(" | ")} |`);
}

/** What becomes of the whole, a line a kind of file. */
function printSummary(found) {
  console.log("\n| kind | files | failed | warned | recall | under 0.9 | precision | under 0.95 | order | under 0.9 |");
  console.log(`|${"---|".repeat(10)}`);
  for (const kind of [...new Set(found.map(kindOf))].sort((a, b) => a.localeCompare(b, "en"))) {
    const files = found.filter((one) => kindOf(one) === kind);
    const failed = files.filter(({ lastTask }) => lastTask.error).length;
    const warned = files.filter(({ lastTask }) => !lastTask.error && lastTask.warnings.length > 0).length;
    const scores = files.flatMap(({ score }) => score ?? []);
    const columns = [
      ["recall", 0.9],
      ["precision", 0.95],
      ["order", 0.9],
    ].flatMap(([key, least]) => {
      const values = scores.map((score) => score[key]);
      return [middle(values)?.toFixed(3) ?? "", `${values.filter((one) => one < least).length} of ${values.length}`];
    });
    console.log(`| ${[kind, files.length, failed, warned, ...columns].join(" | ")} |`);
  }
  // Of a document that is a chunk or two, and short, nothing else can come.
  const lengths = found.flatMap(({ chunkLengths }) => (chunkLengths.length > 2 ? chunkLengths : []));
  const short = lengths.filter((length) => length < SHORT).length;
  console.log(
    `\nChunks of documents of three and more: ${lengths.length}, the median ${middle(lengths) ?? 0} characters,`,
  );
  console.log(`${short} under ${SHORT}.`);
}

function kindOf({ name }) {
  return path.extname(name).toLowerCase();
}

function middle(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

// npm run outcomes -- FOLDER [--pipeline NAME]: takes every file of a folder through a pipeline (`documents`) on a server
// of its own, and prints what came of each as a Markdown table: file, outcome, characters, chunks, and what people are
// told; and how long the job took, from submit to settled.
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { ready, ROOT } from "./ready.mjs";

const { values: options, positionals } = parseArgs({
  options: { pipeline: { type: "string", default: "documents" } },
  allowPositionals: true,
});
const folder = path.resolve(positionals[0] ?? path.join(ROOT, "examples", "documents"));
const names = (await readdir(folder, { withFileTypes: true })).filter((one) => one.isFile()).map(({ name }) => name);
ready();
const { ApiClient } = await import(new URL("../dist/src/cli/client.js", import.meta.url).href);
const { startHeadway } = await import(new URL("../dist/test/support/processes.js", import.meta.url).href);
const dataDir = await mkdtemp(path.join(tmpdir(), "headway-outcomes-"));
const headway = await startHeadway({ HEADWAY_DATA_DIR: dataDir, HEADWAY_FILE_ROOTS: folder });
const api = new ApiClient(headway.url, headway.key);
try {
  const documents = names.sort().map((name) => ({ name, uri: pathToFileURL(path.join(folder, name)).href }));
  for (const { name, lastTask, text, chunks } of await outcomesOf(documents)) {
    const { status, error, warnings } = lastTask;
    const outcome = error ? `${status} ${error.code} at ${error.stage}` : status;
    const told = [error?.message, ...warnings.map(({ code }) => code)]
      .filter(Boolean)
      .join("; ")
      .replaceAll("|", "\\|");
    console.log(`| ${name} | ${outcome} | ${lengthOf(text)} | ${chunks.totalCount} | ${told} |`);
  }
} finally {
  await api.close();
  await headway.stop();
  await rm(dataDir, { recursive: true, force: true });
}

async function outcomesOf(documents) {
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
  console.log("| file | outcome | characters | chunks | told |\n|---|---|---|---|---|");
  return everyDocument(collection.id);
}

async function everyDocument(id) {
  const found = [];
  for (let after = null, more = true; more;) {
    const { collection } = await api.query(
      `query ($id: ID!, $after: String) { collection(id: $id) { documents(first: 50, after: $after) {
         nodes { name text(limit: 100000) chunks { totalCount } lastTask { status error { code stage message } warnings { code } } }
         pageInfo { hasNextPage endCursor } } } }`,
      { id, after },
    );
    found.push(...collection.documents.nodes);
    ({ hasNextPage: more, endCursor: after } = collection.documents.pageInfo);
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The server gives a text in slices of 100,000 characters; one is enough to say how much there is. */
function lengthOf(text) {
  return text === null ? 0 : text.length < 100_000 ? text.length : "100,000 or more";
}

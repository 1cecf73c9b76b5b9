import { withClient, type ClientOptions } from "./connection.js";
import { findCollection } from "./find.js";
import { age, colors, counted, moment, painted, plain, say, sayJson, table } from "./print.js";
import {
  STATUS,
  type ShownPermission,
  type StatusCollection,
  type StatusJob,
  type StatusTask,
} from "./status-query.js";

/** `headway status COLLECTION`: how it stands, since when, what it waits for, and what can be done. */
export async function runStatus(idOrName: string, options: ClientOptions): Promise<void> {
  await withClient(options, async (client) => {
    const id = await findCollection(client, idOrName);
    const { collection } = await client.query<{ collection: StatusCollection }>(STATUS, { id });
    if (options.json) return sayJson(collection);
    printCollection(collection);
    if (collection.job) printJob(collection.job);
    for (const { code, message } of collection.warnings) say(`${colors.yellow("warning")}  ${code}: ${plain(message)}`);
    printActions(collection);
  });
}

function printCollection(collection: StatusCollection): void {
  const { status, statusDescription, statusChangedAt, lastChange, embeddingCoverage } = collection;
  say(`${colors.bold(plain(collection.name))}  ${painted(status)} for ${age(statusChangedAt)}`);
  say(`  ${statusDescription}`);
  const why = lastChange.message ? `: ${plain(lastChange.message)}` : "";
  say(`  since       ${moment(statusChangedAt)}, ${lastChange.reason} by ${plain(lastChange.actor.name)}${why}`);
  say(`  id          ${collection.id}, version ${collection.version}, created ${moment(collection.createdAt)}`);
  if (collection.expiresAt) say(`  expires     ${moment(collection.expiresAt)}`);
  say(`  documents   ${collection.documentCount}`);
  if (collection.chunkCount > 0) {
    say(
      `  chunks      ${collection.chunkCount}, ${collection.chunksWithEmbeddings} with embeddings (${percent(embeddingCoverage)})`,
    );
  }
}

function printJob(job: StatusJob): void {
  const { counts, waitingOn } = job;
  const parts = ["completed", "failed", "cancelled", "skipped", "running", "queued"]
    .filter((name) => counts[name]! > 0)
    .map((name) => `${counts[name]} ${name}`);
  say(`\nJob ${job.id}, pipeline ${job.pipeline} ${job.pipelineVersion}, run ${job.run}`);
  say(`  ${painted(job.status)} for ${age(job.statusChangedAt)}, ${percent(job.progress)} settled`);
  say(`  ${counted(counts.total!, "document")}: ${parts.join(", ") || "nothing yet"}`);
  if (waitingOn) {
    const until = waitingOn.until ? ` (until ${moment(waitingOn.until)})` : "";
    say(`  waits for   ${colors.yellow(waitingOn.code)}: ${plain(waitingOn.message)}${until}`);
  }
  if (job.finishedAt === null) printStages(job);
  printTasks("running", job.running, ({ stage, attempt, maxAttempts, progress, statusChangedAt, waitingOn: on }) => [
    stage ?? "",
    `try ${attempt} of ${maxAttempts}`,
    `${percent(progress)} after ${age(statusChangedAt)}`,
    on ? `${on.code}: ${plain(on.message)}` : "",
  ]);
  printTasks("waiting", job.waiting, ({ stage, waitingOn: on }) => [
    stage ?? "",
    on ? `${on.code}: ${plain(on.message)}` : "about to be taken",
  ]);
  printTasks("failed", job.failed, ({ stage, error }) => [
    stage ?? "",
    error ? `${error.code}: ${plain(error.message)}` : "",
  ]);
}

function printStages({ stageCounts }: StatusJob): void {
  const rows = stageCounts.map(({ stage, queued, running, completed, failed }) => [
    stage,
    ...[queued, running, completed, failed].map(String),
  ]);
  if (rows.length > 0) say(table(["stage", "queued", "running", "past", "failed"], rows));
}

function printTasks(
  what: string,
  { nodes, totalCount }: StatusJob["running"],
  cells: (task: StatusTask) => readonly string[],
): void {
  if (nodes.length === 0) return;
  const total = totalCount ?? "more than 10,000";
  say(`\n  ${what} (${nodes.length === totalCount ? total : `${nodes.length} of ${total}`})`);
  const rows = nodes.map((task) => [
    task.id,
    plain(task.documentName ?? "collection task").slice(0, 50),
    ...cells(task),
  ]);
  say(table([], rows));
}

function printActions({ id, canSubmit, job, chunkCount, chunksWithEmbeddings }: StatusCollection): void {
  say("\nWhat can be done");
  sayAction("submit", canSubmit, `headway submit [PATH…] --pipeline NAME --collection ${id}`);
  if (chunksWithEmbeddings < chunkCount) {
    const only = `--options '{"only":"embeddings"}'`;
    sayAction("embed", canSubmit, `headway submit --pipeline documents --collection ${id} ${only}`);
  }
  if (!job) return;
  sayAction("retry", job.canRetry, `headway retry ${job.id}`);
  sayAction("cancel", job.canCancel, `headway cancel ${job.id}`);
  if (job.finishedAt === null) say(`  watch   headway watch ${job.id}`);
}

function sayAction(name: string, { allowed, disabledReason }: ShownPermission, command: string): void {
  say(`  ${name.padEnd(7)} ${allowed ? command : `not now: ${plain(disabledReason ?? "")}`}`);
}

function percent(share: number): string {
  return `${Math.floor(share * 100)} %`;
}

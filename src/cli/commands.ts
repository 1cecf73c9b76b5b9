import { InvalidArgumentError, Option, type Command } from "commander";

/*
 * The commands that speak GraphQL with a server. Each loads what it needs when it is called.
 */

const JOB_STATUSES = [
  "QUEUED",
  "PROCESSING",
  "CANCELLING",
  "COMPLETED",
  "COMPLETED_WITH_ERRORS",
  "FAILED",
  "CANCELLED",
] as const;
const MAX_PAGE = 100;

/** Adds the client's commands to the program. */
export function addClientCommands(program: Command): void {
  client(program, "open")
    .description("print a link that signs in a browser on this machine; it works once, for ten minutes")
    .action(async (options) => (await import("./open.js")).runOpen(options));
  addSubmit(program);
  client(program, "watch")
    .description("show a job's changes as they happen, until it has settled; Ctrl-C prints how to resume")
    .argument("<job>", "id of a job")
    .option("--after <cursor>", "start after this cursor, missing no change; default: now")
    .action(async (id, options) => (await import("./watch.js")).runWatch(id, options));
  client(program, "status")
    .description("show a collection's status, what it waits for, and what can be done now")
    .argument("<collection>", "id or name of a collection")
    .action(async (id, options) => (await import("./status.js")).runStatus(id, options));
  addJobs(program);
  addArtifacts(program);
  addRetryAndCancel(program);
  addHistoryAndDoctor(program);
}

function addArtifacts(program: Command): void {
  client(program, "artifacts")
    .description("list the files that a job's stages wrote, such as its report")
    .argument("<job>", "id of a job")
    .action(async (id, options) => (await import("./artifacts.js")).runArtifacts(id, options));
  client(program, "download")
    .description("download one of a job's files; an existing file is not replaced without --force")
    .argument("<job>", "id of a job")
    .argument("<name>", "name of the file, as headway artifacts lists it")
    .option("--output <path>", "file or folder to write to; default: its own name in the current folder")
    .option("--force", "replace an existing file")
    .action(async (id, name, options) => (await import("./artifacts.js")).runDownload(id, name, options));
}

function addRetryAndCancel(program: Command): void {
  client(program, "retry")
    .description("retry the failed and cancelled tasks of a job, or one task")
    .argument("<job-or-task>", "id of a job or a task")
    .addOption(
      new Option("--from <stage>", "where to begin").choices(["FAILED_STAGE", "FIRST_STAGE"]).default("FAILED_STAGE"),
    )
    .option("--error-code <code>", "only tasks that failed with this code; can be repeated", list)
    .option("--reason <text>", "reason, recorded in the history")
    .action(async (id, options) => (await import("./act.js")).runRetry(id, options));
  client(program, "cancel")
    .description("cancel a job or a task; running tasks are asked to stop")
    .argument("<job-or-task>", "id of a job or a task")
    .option("--reason <text>", "reason, recorded in the history")
    .action(async (id, options) => (await import("./act.js")).runCancel(id, options));
}

function addHistoryAndDoctor(program: Command): void {
  client(program, "history")
    .description("list every change with its reason, oldest first")
    .argument("<what>", "id of a collection, a job or a task, or name of a collection")
    .option("--all", "with the changes of all that is inside it")
    .addOption(page(MAX_PAGE, 100))
    .option("--after <cursor>", "behind this change")
    .action(async (id, options) => (await import("./history.js")).runHistory(id, options));
  client(program, "doctor")
    .description("check for broken invariants; exit code 1 if there is one")
    .option("--collection <collection>", "only in this collection (id or name)")
    .option("--job <id>", "only in this job and its tasks")
    .option("--since <time>", "check what changed since this time; default: one day ago", time)
    .addOption(page(1_000, 100))
    .action(async (options) => (await import("./doctor.js")).runDoctor(options));
}

function addSubmit(program: Command): void {
  client(program, "submit")
    .description(
      "send files and folders to a collection, and submit it to a pipeline; hidden files in folders are skipped",
    )
    .argument("[paths...]", "files and folders; optional if --collection already has documents")
    .requiredOption("--pipeline <name>", "the pipeline to submit to")
    .option("--options <json>", "the pipeline's options, a JSON object")
    .option("--collection <collection>", "ID or name; a new name, or none, creates a collection")
    .option("--tag <tag>", "tag of the job; can be repeated", list)
    .option("--incremental", "skip documents whose content this pipeline has already completed")
    .option("--watch", "then watch the job")
    .action(async (paths, options) => (await import("./submit.js")).runSubmit(paths, options));
}

function addJobs(program: Command): void {
  client(program, "jobs")
    .description("list jobs that match all given filters, newest first")
    .option("--status <status>", `one of ${JOB_STATUSES.join(", ")}; repeat it or use commas for several`, statuses)
    .option("--pipeline <name>", "of this pipeline; can be repeated", list)
    .option("--tag <tag>", "with this tag; given again: with all of them", list)
    .option("--collection <collection>", "of this collection (id or name)")
    .option("--stuck", "only stuck jobs")
    .option("--created-after <time>", "created then or later, such as 2026-03-01 or 2026-03-01T12:00:00Z", time)
    .option("--created-before <time>", "created before then", time)
    .addOption(page(MAX_PAGE, 20))
    .option("--after <cursor>", "cursor of the next page, printed at the end of the previous one")
    .action(async (options) => (await import("./jobs.js")).runJobs(options));
}

function client(program: Command, name: string): Command {
  return program
    .command(name)
    .option("--url <url>", "URL of the server; default: HEADWAY_URL, then HEADWAY_HOST and HEADWAY_PORT")
    .option("--key <key>", "API key; HEADWAY_KEY is safer, because other users cannot see it")
    .option("--json", "print one JSON document, or one JSON object per line");
}

function list(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

function statuses(value: string, before: readonly string[] = []): string[] {
  const given = value.split(",").map((word) => word.trim().toUpperCase());
  const wrong = given.find((word) => !(JOB_STATUSES as readonly string[]).includes(word));
  if (wrong !== undefined) throw new InvalidArgumentError(`"${wrong}" must be one of ${JOB_STATUSES.join(", ")}.`);
  return [...before, ...given];
}

/** Any time that begins with its date, as the API wants it; a date alone is its beginning in UTC. */
function time(value: string): string {
  const ms = Date.parse(value);
  if (Number.isNaN(ms) || !/^\d{4}-\d{2}-\d{2}/.test(value)) {
    throw new InvalidArgumentError("It must be a time such as 2026-03-01 or 2026-03-01T12:00:00Z.");
  }
  return new Date(ms).toISOString();
}

function page(max: number, byDefault: number): Option {
  return new Option("--first <count>", `maximum number, 1 to ${max}`)
    .argParser((value) => {
      const count = Number(value);
      if (!/^\d+$/.test(value) || count < 1 || count > max) {
        throw new InvalidArgumentError(`It must be a whole number from 1 to ${max}.`);
      }
      return count;
    })
    .default(byDefault);
}

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
    .description("print a link that signs a browser of this machine in, once, within ten minutes")
    .action(async (options) => (await import("./open.js")).runOpen(options));
  addSubmit(program);
  client(program, "watch")
    .description("show a job's changes as they happen, until it is settled; Ctrl-C says how to go on")
    .argument("<job>", "id of a job")
    .option("--after <cursor>", "begin behind this change, with none left out; from now on when absent")
    .action(async (id, options) => (await import("./watch.js")).runWatch(id, options));
  client(program, "status")
    .description("how a collection stands, since when, what it waits for, and what can be done now")
    .argument("<collection>", "id or name of a collection")
    .action(async (id, options) => (await import("./status.js")).runStatus(id, options));
  addJobs(program);
  addArtifacts(program);
  addRetryAndCancel(program);
  addHistoryAndDoctor(program);
}

function addArtifacts(program: Command): void {
  client(program, "artifacts")
    .description("list the files that a job's stages have written, such as its report")
    .argument("<job>", "id of a job")
    .action(async (id, options) => (await import("./artifacts.js")).runArtifacts(id, options));
  client(program, "download")
    .description("have one of a job's files; one that is there is left, unless --force says otherwise")
    .argument("<job>", "id of a job")
    .argument("<name>", "name of the file, as headway artifacts lists it")
    .option("--output <path>", "file or folder to write it to; its own name, here, when absent")
    .option("--force", "replace a file that is there")
    .action(async (id, name, options) => (await import("./artifacts.js")).runDownload(id, name, options));
}

function addRetryAndCancel(program: Command): void {
  client(program, "retry")
    .description("run the failed and cancelled tasks of a job again, or one task")
    .argument("<job-or-task>", "id of a job or a task")
    .addOption(
      new Option("--from <stage>", "where to begin").choices(["FAILED_STAGE", "FIRST_STAGE"]).default("FAILED_STAGE"),
    )
    .option("--error-code <code>", "only tasks that failed with this code; may be given again", list)
    .option("--reason <text>", "kept in the history")
    .action(async (id, options) => (await import("./act.js")).runRetry(id, options));
  client(program, "cancel")
    .description("stop a job or a task; what runs is asked to stop")
    .argument("<job-or-task>", "id of a job or a task")
    .option("--reason <text>", "kept in the history")
    .action(async (id, options) => (await import("./act.js")).runCancel(id, options));
}

function addHistoryAndDoctor(program: Command): void {
  client(program, "history")
    .description("every change with its reason, oldest first")
    .argument("<what>", "id of a collection, a job or a task, or name of a collection")
    .option("--all", "with the changes of all that is inside it")
    .addOption(page(MAX_PAGE, 100))
    .option("--after <cursor>", "behind this change")
    .action(async (id, options) => (await import("./history.js")).runHistory(id, options));
  client(program, "doctor")
    .description("look for broken invariants; exit code 1 when there is one")
    .option("--collection <collection>", "only in this collection (id or name)")
    .option("--job <id>", "only in this job and its tasks")
    .option("--since <time>", "in what has changed since then; a day when absent", time)
    .addOption(page(1_000, 100))
    .action(async (options) => (await import("./doctor.js")).runDoctor(options));
}

function addSubmit(program: Command): void {
  client(program, "submit")
    .description(
      "send files and folders to a collection, and the collection to a pipeline; hidden files in folders are left out",
    )
    .argument("[paths...]", "files and folders; none where --collection names one whose documents are there")
    .requiredOption("--pipeline <name>", "the pipeline to submit to")
    .option("--options <json>", "the pipeline's options, a JSON object")
    .option("--collection <collection>", "id or name; a new name makes a collection, as does none")
    .option("--tag <tag>", "a tag of the job; may be given again", list)
    .option("--incremental", "skip documents that this pipeline has already completed as they are")
    .option("--watch", "then watch the job")
    .action(async (paths, options) => (await import("./submit.js")).runSubmit(paths, options));
}

function addJobs(program: Command): void {
  client(program, "jobs")
    .description("list jobs, newest first; all filters given must hold")
    .option("--status <status>", `one of ${JOB_STATUSES.join(", ")}; again or with commas for more`, statuses)
    .option("--pipeline <name>", "of this pipeline; may be given again", list)
    .option("--tag <tag>", "with this tag; given again: with all of them", list)
    .option("--collection <collection>", "of this collection (id or name)")
    .option("--stuck", "only those that should move and do not")
    .option("--created-after <time>", "created then or later, such as 2026-03-01 or 2026-03-01T12:00:00Z", time)
    .option("--created-before <time>", "created before then", time)
    .addOption(page(MAX_PAGE, 20))
    .option("--after <cursor>", "the next page, from the end of the one before")
    .action(async (options) => (await import("./jobs.js")).runJobs(options));
}

function client(program: Command, name: string): Command {
  return program
    .command(name)
    .option("--url <url>", "the server; HEADWAY_URL when absent, else the one at HEADWAY_HOST and HEADWAY_PORT")
    .option("--key <key>", "the API key; better in HEADWAY_KEY, where others on this machine don't see it")
    .option("--json", "for machines: one JSON document, or one JSON object a line");
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
  return new Option("--first <count>", `how many at most, 1 to ${max}`)
    .argParser((value) => {
      const count = Number(value);
      if (!/^\d+$/.test(value) || count < 1 || count > max) {
        throw new InvalidArgumentError(`It must be a whole number from 1 to ${max}.`);
      }
      return count;
    })
    .default(byDefault);
}

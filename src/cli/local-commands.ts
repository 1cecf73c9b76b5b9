import type { Command } from "commander";

/** Adds the commands that run here and ask no server: start, dev, pipelines, migrate and demo. */
export function addLocalCommands(program: Command): void {
  program
    .command("start")
    .description("serve with the embedded defaults, or with DATABASE_URL and REDIS_URL when they are set")
    .action(async () => (await import("./serve.js")).runServe());

  program
    .command("dev")
    .description("as start, and start anew whenever a file of HEADWAY_PIPELINES changes; what runs is given back")
    .action(async () => (await import("./dev.js")).runDev());

  program
    .command("pipelines")
    .description("list the pipelines that a start here would serve, with their versions and files")
    .option("--json", "for machines: one JSON document")
    .action(async (options: { json?: boolean }) => (await import("./pipelines.js")).runPipelines(options));

  program
    .command("migrate")
    .description("bring the database at DATABASE_URL up to date, and wait for it where it is not up yet")
    .option("--wait <seconds>", "how long to wait for it at most", "60")
    .action(async (options: { wait: string }) => (await import("./migrate.js")).runMigrate(options));

  program
    .command("demo")
    .description("show a pipeline at work: documents (examples and installed READMEs), expenses, or batch")
    .argument("[name-and-paths...]", "documents, expenses or batch; then files and folders to process instead")
    .option("--once", "end when the job is settled; the last line is one JSON object", false)
    .option("--limit <bytes>", "bytes of documents to take at most", "250000")
    .action(async (words: string[], options: { once: boolean; limit: string }) =>
      (await import("./demo/demo.js")).runDemo(words, options),
    );
}

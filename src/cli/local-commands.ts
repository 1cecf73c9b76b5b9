import type { Command } from "commander";

/** Adds the commands that run here and ask no server: start, dev, pipelines, migrate and demo. */
export function addLocalCommands(program: Command): void {
  program
    .command("start")
    .description("serve with the embedded defaults, or with DATABASE_URL and REDIS_URL when they are set")
    .action(async () => (await import("./serve.js")).runServe());

  program
    .command("dev")
    .description("like start, but restart when a file of HEADWAY_PIPELINES changes; running tasks return to the queue")
    .action(async () => (await import("./dev.js")).runDev());

  program
    .command("pipelines")
    .description("list the pipelines that start would serve here, with versions and files")
    .option("--json", "print one JSON document")
    .action(async (options: { json?: boolean }) => (await import("./pipelines.js")).runPipelines(options));

  program
    .command("migrate")
    .description("migrate the database at DATABASE_URL, waiting until it can be reached")
    .option("--wait <seconds>", "maximum time to wait", "60")
    .action(async (options: { wait: string }) => (await import("./migrate.js")).runMigrate(options));

  program
    .command("demo")
    .description("run the built-in pipelines on example files, one after the other, or one of them by name")
    .argument("[name-and-paths...]", "documents, batch or expenses; then files and folders to process instead")
    .option(
      "--once",
      "run one (documents unless named), exit when its job has settled; the last line is one JSON object",
      false,
    )
    .option("--limit <bytes>", "maximum total size of the documents, in bytes", "250000")
    .action(async (words: string[], options: { once: boolean; limit: string }) =>
      (await import("./demo/demo.js")).runDemo(words, options),
    );
}

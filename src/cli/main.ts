#!/usr/bin/env node
import "reflect-metadata";
import { Command } from "commander";
import { ConfigError, messageOf } from "../errors.js";
import { buildVersion } from "../version.js";
import { addKeysCommands } from "./keys-command.js";

// Each command is loaded when it is called: help, and a client's command, need not load a server.
const program = new Command("headway")
  .description("A GraphQL processing API for collections of documents.")
  .version(buildVersion())
  .showHelpAfterError();

program
  .command("start")
  .description("serve with the embedded defaults, or with DATABASE_URL and REDIS_URL when they are set")
  .action(async () => (await import("./serve.js")).runServe());

program
  .command("demo")
  .description("run the main job on real documents: examples and installed READMEs, or the files and folders given")
  .argument("[paths...]", "files and folders to process instead")
  .option("--once", "end when the job is settled; the last line is one JSON object", false)
  .option("--limit <bytes>", "bytes of documents to take at most", "250000")
  .action(async (paths: string[], options: { once: boolean; limit: string }) =>
    (await import("./demo.js")).runDemo(paths, options),
  );

addKeysCommands(program);

// Who read our output may have gone (a closed terminal, a pipe to head): we stop, in order, as after SIGHUP.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
    process.kill(process.pid, "SIGHUP");
  });
}

try {
  await program.parseAsync();
} catch (error) {
  // What the user can mend is said in a sentence; anything else is a fault of ours and shows where.
  const known = error instanceof ConfigError || (error as { code?: unknown }).code !== undefined;
  process.stderr.write(`${known ? messageOf(error) : ((error as Error).stack ?? messageOf(error))}\n`);
  process.exitCode = 1;
}

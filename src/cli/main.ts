#!/usr/bin/env node
import "reflect-metadata";
import { Command, CommanderError } from "commander";
import { HeadwayError, messageOf } from "../errors.js";
import { buildVersion } from "../version.js";
import { addClientCommands } from "./commands.js";
import { EXIT, exitCodeOf, EXIT_CODES_HELP } from "./exit-codes.js";
import { addKeysCommands } from "./keys-command.js";
import { addLocalCommands } from "./local-commands.js";

// Each command is loaded when it is called: help, and a client's command, need not load a server.
const program = new Command("headway")
  .description("A GraphQL processing API for collections of documents.")
  .version(buildVersion())
  .exitOverride()
  .showHelpAfterError("(for help: headway help, or --help after a command)")
  .addHelpText("after", EXIT_CODES_HELP);

addLocalCommands(program);
addClientCommands(program);
addKeysCommands(program);

// Who read our output may have gone (a closed terminal, a pipe to head): we stop, in order, as after SIGHUP.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
    process.kill(process.pid, "SIGHUP");
  });
}

const SAID_BY_THE_MESSAGE: ReadonlySet<string> = new Set([
  "USAGE",
  "CONFIG_INVALID",
  "INTERRUPTED",
  "UNREACHABLE",
  "NOT_HEADWAY",
  "NOT_FOUND",
]);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
  // What a start that was cut off has left hanging would keep the process alive.
  if (process.exitCode === EXIT.interrupted) process.exit();
}

/** The message, and the code by which the documentation explains it: not of what was typed wrong, which it says itself. */
function inWords(error: unknown): string {
  const { code } = error as { code?: unknown };
  const isWorthSaying = error instanceof HeadwayError && !SAID_BY_THE_MESSAGE.has(error.code);
  return isWorthSaying ? `${messageOf(error)} (${code as string})` : messageOf(error);
}

/** Says what went wrong, and returns the exit code for it. */
function report(error: unknown): number {
  // Commander has said it already; help and the version are no faults.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  const { code } = error as { code?: unknown };
  if (process.argv.includes("--json") && error instanceof HeadwayError) {
    process.stderr.write(`${JSON.stringify({ error: { code, message: messageOf(error) } })}\n`);
    return exitCodeOf(error);
  }
  // What the user can mend is said in a sentence; anything else is a fault of ours and shows where.
  const known = code !== undefined;
  process.stderr.write(`${known ? inWords(error) : ((error as Error).stack ?? messageOf(error))}\n`);
  return exitCodeOf(error);
}

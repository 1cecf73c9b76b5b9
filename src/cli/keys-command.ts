import { Command, InvalidArgumentError, Option } from "commander";
import { ROLES } from "../lifecycle/roles.js";
import type { CreateOptions, ListOptions, RevokeOptions } from "./keys.js";

const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const MAX_LIFE_DAYS = 3_650;

/** `headway keys …`: straight on the database, since the first key can't be asked for with one. */
export function addKeysCommands(program: Command): void {
  const keys = program
    .command("keys")
    .description("create, list and revoke API keys, in the database at DATABASE_URL or the embedded one");
  const inProject = (): Option =>
    new Option("--project <name>", "the project the key belongs to").argParser(nameOf).default("default");
  keys
    .command("create")
    .description("create a key, and its project if it is new; the key is printed once, as the last line")
    .requiredOption("--name <name>", "name of the key, recorded with every change made with it", nameOf)
    .addOption(new Option("--role <role>", "what it may do").choices(ROLES).makeOptionMandatory())
    .addOption(inProject())
    .option("--expires <time>", "lifetime, such as 30d, 12h or 90m; default: no expiry", lifeMsOf)
    .option("--json", "one JSON object instead", false)
    .action(async (options: CreateOptions) => (await import("./keys.js")).runCreateKey(options));
  keys
    .command("list")
    .description("list a project's keys, newest first, without their secrets")
    .addOption(inProject())
    .option("--all", "include revoked and expired keys", false)
    .option("--json", "one JSON array instead", false)
    .action(async (options: ListOptions) => (await import("./keys.js")).runListKeys(options));
  keys
    .command("revoke")
    .description("revoke a key: its requests are rejected within 5 s, its sockets are closed within 15 s")
    .argument("<id>", "ID of the key, or the key itself")
    .addOption(inProject())
    .option("--json", "one JSON object instead", false)
    .action(async (id: string, options: RevokeOptions) => (await import("./keys.js")).runRevokeKey(id, options));
}

function nameOf(text: string): string {
  if (text.trim() === "" || text.length > 100) throw new InvalidArgumentError("It must have 1 to 100 characters.");
  return text.trim();
}

function lifeMsOf(text: string): number {
  const [, count, unit] = /^(\d+)([mhd])$/.exec(text) ?? [];
  const ms = Number(count) * UNIT_MS[(unit ?? "d") as keyof typeof UNIT_MS];
  if (!(ms > 0) || ms > MAX_LIFE_DAYS * UNIT_MS.d)
    throw new InvalidArgumentError(`It must be a number of m, h or d, such as 30d, and at most ${MAX_LIFE_DAYS}d.`);
  return ms;
}

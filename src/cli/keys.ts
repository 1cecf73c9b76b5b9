import { userInfo } from "node:os";
import type { DataSource } from "typeorm";
import { loadConfig } from "../config.js";
import { createKey, listKeys, permissionsOf, revokeKey, type KeyRow } from "../access/keys.js";
import { projectNamed } from "../access/projects.js";
import { HeadwayError } from "../errors.js";
import type { Role } from "../lifecycle/roles.js";
import { withDatabase } from "./direct-database.js";

export interface CreateOptions {
  readonly name: string;
  readonly role: Role;
  readonly project: string;
  readonly expires?: number;
  readonly json: boolean;
}
export interface ListOptions {
  readonly project: string;
  readonly all: boolean;
  readonly json: boolean;
}
export interface RevokeOptions {
  readonly project: string;
  readonly json: boolean;
}

export function runCreateKey(options: CreateOptions): Promise<void> {
  return direct((db) => made(db, options));
}

export function runListKeys(options: ListOptions): Promise<void> {
  return direct((db) => listed(db, options));
}

export function runRevokeKey(id: string, options: RevokeOptions): Promise<void> {
  return direct((db) => revoked(db, id, options));
}

/** Prints what the work on the database says. */
function direct(work: (db: DataSource) => Promise<string>): Promise<void> {
  return withDatabase(loadConfig(), async (db) => {
    process.stdout.write(`${await work(db)}\n`);
  });
}

async function made(db: DataSource, { name, role, project, expires, json }: CreateOptions): Promise<string> {
  const { id: projectId, isNew } = await projectNamed(db, project);
  const createdBy = `${userName()} on the command line`;
  const key = await createKey(db, { projectId, name, role, lifeMs: expires ?? null, scope: null, createdBy });
  if (json) return JSON.stringify({ ...key, name, role, project });
  return [
    ...(isNew ? [`Created the project "${project}".`] : []),
    `Made the key ${key.id} ("${name}", ${role}, project "${project}", ${
      key.expiresAt === null ? "without an end" : `until ${key.expiresAt.toISOString()}`
    }). It is not shown again:`,
    key.key,
  ].join("\n");
}

/** Containers run under user ids that nobody has named. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return "somebody";
  }
}

async function listed(db: DataSource, { project, all, json }: ListOptions): Promise<string> {
  const keys = await listKeys(db, await existing(db, project), all ? "all" : "good");
  if (json) return JSON.stringify(keys);
  if (keys.length === 0) return `Project "${project}" has no keys${all ? "" : " that are valid"}.`;
  const rows = [["id", "name", "role or permissions", "sees", "expires", "last used", "state"], ...keys.map(columnsOf)];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function columnsOf({ id, name, role, scope, expiresAt, lastUsedAt, revokedAt }: KeyRow): string[] {
  const isExpired = expiresAt !== null && expiresAt.getTime() <= Date.now();
  const sees =
    scope === null ? "all" : scope.jobId === null ? `collection ${scope.collectionId}` : `job ${scope.jobId}`;
  const state = revokedAt !== null ? "revoked" : isExpired ? "expired" : "good";
  // A key for a browser has permissions; its role is the least there is.
  const may = scope === null ? role : permissionsOf(scope).join(" ");
  return [id, name, may, sees, when(expiresAt), when(lastUsedAt), state];
}

function when(at: Date | null): string {
  return at === null ? "never" : at.toISOString().slice(0, 16).replace("T", " ");
}

async function revoked(db: DataSource, given: string, { project, json }: RevokeOptions): Promise<string> {
  const id = idOf(given);
  if (!(await revokeKey(db, await existing(db, project), id))) {
    throw new HeadwayError(
      "NOT_FOUND",
      `Project "${project}" has no key ${id} that could be revoked; run "headway keys list --project ${project}" to see its keys.`,
    );
  }
  return json ? JSON.stringify({ id, revoked: true }) : `Revoked the key ${id}.`;
}

async function existing(db: DataSource, name: string): Promise<string> {
  const rows: { id: string }[] = await db.query("select id from headway.project where name = $1", [name]);
  if (rows[0]) return rows[0].id;
  const names: { name: string }[] = await db.query("select name from headway.project order by name limit 20");
  const known = names.map((row) => row.name).join(", ");
  throw new HeadwayError("NOT_FOUND", `There is no project "${name}"; there are: ${known}.`);
}

/** The id in a key's text, or the id itself. */
function idOf(given: string): string {
  const hex = /^(?:hw_)?([0-9a-f]{32})(?:_|$)/.exec(given.toLowerCase().replaceAll("-", ""))?.[1];
  if (hex === undefined) {
    throw new HeadwayError(
      "INVALID_INPUT",
      `"${given}" is not the ID of a key; "npx headway-api keys list" shows them.`,
    );
  }
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

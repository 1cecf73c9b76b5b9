import pg from "pg";
import { HeadwayError, messageOf } from "../errors.js";
import { sqlStateOf } from "./transaction.js";

/** Where a database's URL comes from, as errors name it. */
export type DatabaseSetting = "DATABASE_URL" | "HEADWAY_DATABASE_DIRECT_URL" | "the embedded PostgreSQL";

/** Where a URL leads, with the defaults of node-postgres filled in. Never the password. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
}

/** @throws {HeadwayError} DATABASE_UNREACHABLE where the URL cannot be read, without showing any of it */
export function targetOf(setting: DatabaseSetting, url: string): Target {
  try {
    const { host, port, user = "", database = "" } = new pg.Client({ connectionString: url });
    return { host, port, user, database };
  } catch (error) {
    throw new HeadwayError(
      "DATABASE_UNREACHABLE",
      `${setting} cannot be read as the address of a database (${messageOf(error)}); ${ENCODE}.`,
      {},
      { cause: error },
    );
  }
}

export const ENCODE = "percent-encode all characters of user and password except letters and digits, such as / as %2F";

const CERTIFICATE =
  /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(VERIFY|GET)_\w+|CERT_\w+|ERR_TLS_CERT_\w+)$/;

/** What to do about an error of connecting, by its SQLSTATE or the code of Node. */
const ADVICE: readonly (readonly [RegExp, (target: Target) => string])[] = [
  [/^(ENOTFOUND|EAI_AGAIN)$/, () => `Correct the host; if it is part of your password, ${ENCODE}.`],
  [/^(ECONNREFUSED|ECONNRESET|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT)$/, () => "Start it there, or correct host and port."],
  [/^28/, ({ user }) => `Correct user ("${user}") or password; ${ENCODE}.`],
  [
    /^3D000$/,
    ({ database, user }) =>
      `Create it (create database ${pg.escapeIdentifier(database)} owner ${pg.escapeIdentifier(user)};), or correct its name.`,
  ],
  [
    /^42501$/,
    ({ database, user }) =>
      `Let the user create and own Headway's schema: grant create, connect on database ${pg.escapeIdentifier(database)} to ${pg.escapeIdentifier(user)};`,
  ],
  [/^53300$/, () => "Raise max_connections, or the connection limit of the user or the database."],
  [/^57P03$/, () => "It is starting or stopping; try again."],
  [
    CERTIFICATE,
    () =>
      "sslmode=require verifies the certificate: set the CA that signed it (sslrootcert=/path/to/ca.crt), or use sslmode=no-verify to accept any.",
  ],
];

/** An error of connecting, or of the first statements, as an error that names the setting, where it leads, and what to do. */
export function unreachable(setting: DatabaseSetting, url: string, error: unknown, waitedMs = 0): HeadwayError {
  if (error instanceof HeadwayError) return error;
  const target = targetOf(setting, url);
  const where = `${setting}: user "${target.user}", database "${target.database}" at ${target.host}:${target.port}`;
  const why = messagesOf(error).join("; ");
  const code = codeOf(error);
  const advice = ADVICE.find(([pattern]) => pattern.test(code))?.[1](target);
  return new HeadwayError(
    "DATABASE_UNREACHABLE",
    `${where}: ${why}${waitedMs > 0 ? ` for ${Math.round(waitedMs / 1_000)} s` : ""}.${advice === undefined ? "" : ` ${advice}`}`,
    { code },
    { cause: error },
  );
}

function codeOf(error: unknown): string {
  const { code, errors } = error as { code?: unknown; errors?: unknown };
  if (typeof code === "string") return sqlStateOf(error) ?? code;
  return Array.isArray(errors) && errors.length > 0 ? codeOf(errors[0]) : "";
}

/** A name with several addresses fails with one error for each, and an empty message. */
export function messagesOf(error: unknown): string[] {
  const { errors } = error as { errors?: unknown };
  return Array.isArray(errors) ? errors.map(messageOf) : [messageOf(error)];
}

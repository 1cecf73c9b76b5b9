import { HeadwayError } from "../errors.js";

/** How commands end, for scripts; told by `headway help`. */
export const EXIT = {
  ok: 0,
  /** The server refused, the job failed, the doctor found something. */
  failed: 1,
  /** The command, a setting, an argument or the database is not as it must be. */
  usage: 2,
  /** No server or no database answers, or it is too busy to. */
  unreachable: 3,
  /** No key, a key that is not known, or one that may not do this. */
  refused: 4,
  completedWithErrors: 5,
  cancelled: 6,
  /** A later build has changed the database so that this one must not work on it. */
  tooOld: 7,
  interrupted: 130,
} as const;

/** The end of `headway help`. */
export const EXIT_CODES_HELP = `
Exit codes: 0 well; 1 refused or failed, or doctor found something; 2 wrong usage or setting, or a database that cannot be used; 3 no server or
database there, or too busy to answer; 4 no key, or one that may not do this; 130 stopped by Ctrl-C. watch and submit --watch say how the job ended:
0 COMPLETED, 1 FAILED, 5 COMPLETED_WITH_ERRORS, 6 CANCELLED. start, migrate and keys: 7 this build is too old for its
database.`;

/** A command that can't be run as it was written; the message says what it must be. */
export class UsageError extends HeadwayError {
  constructor(message: string) {
    super("USAGE", message);
  }
}

const BY_CODE: Readonly<Record<string, number>> = {
  USAGE: EXIT.usage,
  CONFIG_INVALID: EXIT.usage,
  BAD_USER_INPUT: EXIT.usage,
  DATABASE_UNSUITABLE: EXIT.usage,
  UNREACHABLE: EXIT.unreachable,
  DATABASE_UNREACHABLE: EXIT.unreachable,
  SERVICE_BUSY: EXIT.unreachable,
  NOT_HEADWAY: EXIT.unreachable,
  BUILD_TOO_OLD: EXIT.tooOld,
  INTERRUPTED: EXIT.interrupted,
  UNAUTHENTICATED: EXIT.refused,
  FORBIDDEN: EXIT.refused,
};

/** The exit code for what was thrown. */
export function exitCodeOf(error: unknown): number {
  const code = (error as { code?: unknown } | null)?.code;
  return (typeof code === "string" ? BY_CODE[code] : undefined) ?? EXIT.failed;
}

const BY_JOB_STATUS: Readonly<Record<string, number>> = {
  COMPLETED: EXIT.ok,
  COMPLETED_WITH_ERRORS: EXIT.completedWithErrors,
  CANCELLED: EXIT.cancelled,
};

/** The exit code for a settled job. */
export function exitCodeOfJob(status: string): number {
  return BY_JOB_STATUS[status] ?? EXIT.failed;
}

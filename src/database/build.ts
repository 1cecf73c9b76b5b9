import type { DataSource } from "typeorm";
import { HeadwayError } from "../errors.js";
import { buildVersion } from "../version.js";
import { numberedFiles } from "./sql-files.js";

/** A file of `sql/` that a build has brought in, as the database lists it. */
export interface KnownFile {
  readonly path: string;
  readonly sha256: string;
  /** Builds that do not know this file must not work on the database. */
  readonly breaking: boolean;
  /** The version of the build that brought it in. */
  readonly build: string;
}

export const KNOWN_FILES = "select path, sha256, breaking, build from headway.sql_file order by applied_at, path";

/** How this build and a database stand to each other. */
export interface Standing {
  /** Numbered files that later builds have brought in. */
  readonly ahead: readonly KnownFile[];
  /** Paths of numbered files of this build that are not in. */
  readonly behind: readonly string[];
  /** Whether a later build has been at work, be it on functions alone. */
  readonly isLater: boolean;
}

export function standingOf(files: readonly KnownFile[]): Standing {
  const ours = numberedFiles().map(({ path }) => path);
  const ahead = files.filter(({ path }) => path.startsWith("migrations/") && !ours.includes(path));
  return {
    ahead,
    behind: ours.filter((path) => !files.some((file) => file.path === path)),
    isLater: ahead.length > 0 || files.some(({ build }) => isLater(build, buildVersion())),
  };
}

function isLater(one: string, other: string): boolean {
  const [a, b] = [one, other].map((version) => version.split(/[.+-]/, 3).map(Number));
  const differing = a!.findIndex((part, i) => part !== b![i]);
  return differing >= 0 && a![differing]! > b![differing]!;
}

/** Why this build must not work on the database, and what to do; null when it may. */
export function whyTooOld({ ahead }: Standing): string | null {
  const breaking = ahead.filter((file) => file.breaking);
  if (breaking.length === 0) return null;
  const { build } = breaking.at(-1)!;
  return `This build of Headway (${buildVersion()}) is too old for its database: build ${build} has changed it by ${pathsOf(breaking)}, which earlier builds cannot work with; start build ${build} or a later one.`;
}

/** @throws {HeadwayError} BUILD_TOO_OLD */
export function refuseTooOld(standing: Standing): void {
  const why = whyTooOld(standing);
  if (why !== null) throw new HeadwayError("BUILD_TOO_OLD", why);
}

/** What a later build has brought in that does this one no harm; null when there is nothing. */
export function harmlesslyAhead({ ahead }: Standing): string | null {
  if (ahead.length === 0) return null;
  return `The database is ahead of this build of Headway (${buildVersion()}): build ${ahead.at(-1)!.build} added ${pathsOf(ahead)}, which this build can work with.`;
}

/** What is not in, as after a restore from an old backup, and what to do; null when all is. */
export function whyBehind({ behind }: Standing): string | null {
  return behind.length === 0
    ? null
    : `The database is behind this build of Headway (${buildVersion()}): ${behind.join(", ")} ${behind.length === 1 ? "is" : "are"} missing; run "npx headway-api migrate", or restart this process.`;
}

function pathsOf(files: readonly KnownFile[]): string {
  return files.map(({ path }) => path).join(", ");
}

export async function readStanding(db: DataSource): Promise<Standing> {
  return standingOf(await db.query(KNOWN_FILES));
}

/**
 * For /readyz: asks anew each time, since another build may migrate while this one runs. `onTooOld` is told once.
 * Null when all is well.
 */
export function migrationsCheck(db: DataSource, onTooOld: (why: string) => void): () => Promise<string | null> {
  let told = false;
  return async () => {
    const standing = await readStanding(db);
    const tooOld = whyTooOld(standing);
    if (tooOld !== null && !told) {
      told = true;
      onTooOld(tooOld);
    }
    return tooOld ?? whyBehind(standing);
  };
}

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The folder `sql` of the package, with a separator at the end. */
export const SQL_FOLDER = fileURLToPath(new URL("../../../sql/", import.meta.url));

/** A file of the folder `sql`. */
export interface SqlFile {
  /** Within the folder, with slashes: "functions/flush/record_changes.sql". */
  readonly path: string;
  readonly text: string;
  readonly sha256: string;
}

/** A file that runs once, in the order of the numbers. */
export interface NumberedFile extends SqlFile {
  /** As the table `migration` and TypeORM know it: "Baseline1764500000001". */
  readonly name: string;
  readonly timestamp: number;
  /** Whether a build that does not know this file must not work on the database any more. */
  readonly breaking: boolean;
}

export const TRIGGERS_FILE = "triggers.sql";
export const TRANSITIONS_FILE = "transitions.sql";

/** TypeORM orders migrations by a time in milliseconds at the end of their names: this one and the file's number. */
const NUMBERING_FROM = 1_764_500_000_000;
const NUMBERED = /^(\d{4})_([a-z0-9_]+)\.sql$/;

/** In their order: sql/migrations. @throws where a file is misnamed or has no header */
export function numberedFiles(): readonly NumberedFile[] {
  return listed("migrations").map((file) => {
    const [, number, words] = NUMBERED.exec(path.posix.basename(file.path)) ?? [];
    if (number === undefined || words === undefined) {
      throw new Error(`sql/${file.path} must be named like 0002_add_something.sql.`);
    }
    const timestamp = NUMBERING_FROM + Number(number);
    return { ...file, timestamp, name: `${pascalCase(words)}${timestamp}`, breaking: breakingOf(file) };
  });
}

/** The one place that reads the header of a numbered file: `-- breaking: yes` or `-- breaking: no`, its first line. */
function breakingOf({ path: name, text }: SqlFile): boolean {
  const word = /^-- breaking: (yes|no)\r?\n/.exec(text)?.[1];
  if (word === undefined) throw new Error(`sql/${name} must begin with "-- breaking: yes" or "-- breaking: no".`);
  return word === "yes";
}

/** Functions, trigger functions and views, in the order of their paths. Each can run again at any time. */
export function functionFiles(): readonly SqlFile[] {
  return listed("functions");
}

/** One file of the folder. */
export function sqlFile(name: string): SqlFile {
  const text = readFileSync(path.join(SQL_FOLDER, name), "utf8");
  return { path: name, text, sha256: createHash("sha256").update(text).digest("hex") };
}

const kept = new Map<string, readonly SqlFile[]>();

function listed(folder: string): readonly SqlFile[] {
  let files = kept.get(folder);
  if (!files) {
    files = readdirSync(path.join(SQL_FOLDER, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".sql"))
      .map((name) => `${folder}/${name.split(path.sep).join("/")}`)
      .sort()
      .map(sqlFile);
    kept.set(folder, files);
  }
  return files;
}

function pascalCase(words: string): string {
  return words
    .split("_")
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("");
}

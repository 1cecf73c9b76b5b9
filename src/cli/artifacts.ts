import { createHash } from "node:crypto";
import { link, mkdtemp, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { HeadwayError } from "../errors.js";
import type { ApiClient } from "./client.js";
import { withClient, type ClientOptions } from "./connection.js";
import { UsageError } from "./exit-codes.js";
import { kindOf } from "./find.js";
import { moment, plain, say, sayJson, table } from "./print.js";

export interface SavingOptions extends ClientOptions {
  readonly output?: string;
  readonly force?: boolean;
}

interface ArtifactRow {
  readonly id: string;
  readonly name: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly createdAt: string;
  readonly url: string;
}
const ARTIFACT = "id name mediaType sizeBytes sha256 createdAt url";
const MAX_PAGE = 100;

/** `headway artifacts JOB`: what its stages wrote. */
export async function runArtifacts(jobId: string, options: ClientOptions): Promise<void> {
  await withClient(options, async (client) => {
    await kindOf(client, jobId, ["Job"]);
    const artifacts = await artifactsOf(client, jobId);
    if (options.json) return sayJson({ artifacts });
    if (artifacts.length === 0) return say(`Job ${jobId} has written no files yet.`);
    say(
      table(
        ["name", "bytes".padStart(12), "media type", "written"],
        artifacts.map(({ name, sizeBytes, mediaType, createdAt }) => [
          plain(name),
          String(sizeBytes).padStart(12),
          plain(mediaType),
          moment(createdAt),
        ]),
      ),
    );
    say(`Download one with: npx headway-api download ${jobId} ${plain(artifacts[0]!.name)}`);
  });
}

/** `headway download JOB NAME`: one of them as a file, whole or not at all; one that is there is left unless told. */
export async function runDownload(jobId: string, name: string, options: SavingOptions): Promise<void> {
  await withClient(options, async (client) => {
    await kindOf(client, jobId, ["Job"]);
    const found = await artifactNamed(client, jobId, name);
    const file = await fileFor(found.name, options.output);
    if (!options.force && (await stat(file).catch(() => null)) !== null) throw isThere(file);
    const bytes = await client.download(new URL(found.url, client.url).href);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    if (sha256 !== found.sha256) {
      throw new HeadwayError(
        "DOWNLOAD_BROKEN",
        `${plain(name)} does not match its checksum (sha256 ${sha256}, not ${found.sha256}); download it again.`,
      );
    }
    await put(bytes, file, options.force === true);
    if (options.json) return sayJson({ ...found, file });
    say(`${plain(file)}, ${bytes.length} bytes`);
  });
}

/** All of a job, by name. */
async function artifactsOf(client: ApiClient, jobId: string): Promise<ArtifactRow[]> {
  const all: ArtifactRow[] = [];
  let after: string | null = null;
  do {
    const page: Page = await client.query<Page>(
      `query ($id: ID!, $after: String) { job(id: $id) {
         artifacts(first: ${MAX_PAGE}, after: $after) { nodes { ${ARTIFACT} } pageInfo { hasNextPage endCursor } } } }`,
      { id: jobId, after },
    );
    const { nodes, pageInfo } = page.job.artifacts;
    all.push(...nodes);
    after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
  } while (after !== null);
  return all;
}
interface Page {
  readonly job: {
    readonly artifacts: {
      readonly nodes: readonly ArtifactRow[];
      readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
    };
  };
}

async function artifactNamed(client: ApiClient, jobId: string, name: string): Promise<ArtifactRow> {
  const all = await artifactsOf(client, jobId);
  const found = all.find((one) => one.name === name);
  if (found) return found;
  const names = all.slice(0, 20).map((one) => plain(one.name));
  const others = names.length === 0 ? "It has written no files yet" : `It has ${names.join(", ")}`;
  throw new HeadwayError("NOT_FOUND", `Job ${jobId} has no file "${plain(name)}". ${others}.`);
}

/** Where it goes: a folder keeps its name. @throws {UsageError} where the folder is not there */
async function fileFor(name: string, output: string | undefined): Promise<string> {
  const target = output ?? name;
  const there = await stat(target).catch(() => null);
  const file = there?.isDirectory() ? path.join(target, path.basename(name)) : target;
  const folder = path.dirname(file);
  if ((await stat(folder).catch(() => null))?.isDirectory()) return file;
  throw new UsageError(`There is no folder ${plain(folder)} to write ${plain(path.basename(file))} to; make it first.`);
}

/** What file systems say that know no links. */
const LINKLESS: ReadonlySet<string> = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"]);

/** Beside its place first, so that whoever looks there finds it whole; linking refuses what has come there meanwhile. */
async function put(bytes: Uint8Array, file: string, force: boolean): Promise<void> {
  const folder = await mkdtemp(path.join(path.dirname(file), ".headway-"));
  const part = path.join(folder, "part");
  try {
    await writeFile(part, bytes);
    await (force ? rename(part, file) : link(part, file));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") throw isThere(file);
    if (!LINKLESS.has(code ?? "")) throw error;
    await rename(part, file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function isThere(file: string): UsageError {
  return new UsageError(`${plain(file)} is there already; give --force to replace it, or --output for another place.`);
}

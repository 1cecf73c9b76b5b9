import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { parse } from "csv-parse/sync";
import { ApiClient } from "../../src/cli/client.js";
import { collectionOf, EXAMPLES, progressOf, submit } from "../scenarios/main-job.js";
import { startHeadway } from "../support/processes.js";
import { FIXTURES } from "./fixture-files.js";

/** A row of batch.json. */
export interface Row {
  readonly file: string;
  readonly status: string;
  readonly mediaType: string | null;
  readonly characters: number | null;
  readonly words: number | null;
  readonly fields: Record<string, (string | number)[]>;
  readonly error: { stage: string; code: string; message: string } | null;
}

/** A batch that has ended. */
export interface Batch {
  readonly status: string;
  readonly counts: Record<string, number>;
  readonly summary: { readonly output: any; readonly errors: { code: string; stage: string; count: number }[] } | null;
  /** Codes by document. */
  readonly warnings: Record<string, string[]>;
  readonly rows: ReadonlyMap<string, Row>;
  /** The lines of batch.csv, cells by column. */
  readonly csv: Record<string, string>[];
}

interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly path: readonly string[];
}

/** A Headway that batches are given to. */
export interface BatchSite {
  /** Runs these documents through `batch`, to the end. */
  run(documents: readonly object[], options: object): Promise<Batch>;
  /** Submits one file with options that must be refused; the user errors. */
  refused(options: object): Promise<readonly Refusal[]>;
  close(): Promise<void>;
}

export async function openBatches(): Promise<BatchSite> {
  const dataDir = await mkdtemp(path.join(tmpdir(), "headway-batch-"));
  const headway = await startHeadway({ HEADWAY_DATA_DIR: dataDir });
  const api = new ApiClient(headway.url, headway.key);
  let made = 0;
  const collection = (documents: readonly object[]): Promise<string> => {
    made += 1;
    return collectionOf(api, `batch ${made}`, documents);
  };
  return {
    async run(documents, options) {
      const id = await submit(api, await collection(documents), "batch", { options });
      await progressOf(api, id);
      return read(api, headway.key, id);
    },
    async refused(options) {
      const collectionId = await collection([{ name: "a.txt", text: "one" }]);
      const { submitJob } = await api.query<{ submitJob: { job: object | null; userErrors: Refusal[] } }>(
        `mutation ($input: SubmitJobInput!) { submitJob(input: $input) { job { id } userErrors { code message path } } }`,
        { input: { collectionId, pipeline: "batch", options } },
      );
      if (submitJob.job !== null) throw new Error(`${JSON.stringify(options)} were taken`);
      return submitJob.userErrors;
    },
    async close() {
      await api.close();
      await headway.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

const JOB = `query ($id: ID!) { job(id: $id) { status counts { total completed failed cancelled skipped }
  summary { output errors { code stage count } } artifacts { nodes { name url } }
  tasks(first: 100) { nodes { documentName warnings { code } } } } }`;

async function read(api: ApiClient, key: string, id: string): Promise<Batch> {
  const { job } = await api.query<{ job: any }>(JOB, { id });
  const artifact = async (name: string): Promise<string> => {
    const { url } = job.artifacts.nodes.find((node: any) => node.name === name);
    const response = await fetch(url, { headers: { authorization: `Bearer ${key}` } });
    return Buffer.from(await response.arrayBuffer()).toString();
  };
  const rows: Row[] = JSON.parse(await artifact("batch.json"));
  const csv = await artifact("batch.csv");
  // Without its mark, spreadsheet programs take it for Latin-1.
  if (csv.charCodeAt(0) !== 0xfeff) throw new Error("batch.csv has no byte order mark");
  const warnings = job.tasks.nodes.map((task: any) => [task.documentName, task.warnings.map((one: any) => one.code)]);
  return {
    ...job,
    warnings: Object.fromEntries(warnings),
    rows: new Map(rows.map((row) => [row.file, row])),
    csv: parse(csv, { bom: true, columns: true }),
  };
}

/** A document that comes along with its bytes. */
export function encoded(name: string, bytes: Uint8Array): object {
  return { name, base64: Buffer.from(bytes).toString("base64") };
}
export const example = (name: string): object => encoded(name, readFileSync(path.join(EXAMPLES, name)));
export const fixture = (name: string): object => encoded(path.basename(name), readFileSync(path.join(FIXTURES, name)));

/** What of pdfkit, which comes without types, is used here. */
type PdfMaker = new (options: object) => NodeJS.ReadableStream & { text(text: string): { end(): void } };

export async function encryptedPdf(): Promise<Buffer> {
  const { default: PdfDocument } = (await import("pdfkit" as string)) as { default: PdfMaker };
  const pdf = new PdfDocument({ userPassword: "secret", pdfVersion: "1.7" });
  pdf.text("Nobody reads this.").end();
  return buffer(pdf);
}

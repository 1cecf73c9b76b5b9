import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { chmod, cp, mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Kind, parse, print, type OperationDefinitionNode } from "graphql";
import pg from "pg";
import { projectNamed } from "../../src/access/projects.js";
import { ApiClient } from "../../src/cli/client.js";
import { keyBy } from "./keys.js";
import { ROOT } from "./root.js";

const MAIN = path.join(ROOT, "dist", "src", "cli", "main.js");
const UPLOAD = Buffer.alloc(48_113, "%PDF-1.7 ");
const SETTLED = new Set(["COMPLETED", "COMPLETED_WITH_ERRORS", "FAILED", "CANCELLED"]);

export interface Ran {
  readonly code: number | null;
  readonly output: string;
}
type Answer = Record<string, any>;

/**
 * What a reader of one page does, in the order of the page: a project and a folder of their own, and what earlier blocks
 * have given (ids, a cursor, the address of an upload) in the places where the page has "…" or JOB.
 */
export class DocStory {
  #collectionId: string | null = null;
  #cursor: string | null = null;
  #uploadUrl: string | null = null;

  private constructor(
    readonly folder: string,
    readonly api: ApiClient,
    readonly env: Readonly<Record<string, string>>,
  ) {}

  static async begin(page: string, server: { readonly url: string }, databaseUrl: string): Promise<DocStory> {
    const folder = await mkdtemp(path.join(tmpdir(), "headway-docs-"));
    const key = await keyOfProject(databaseUrl, page);
    await prepare(folder, key);
    const api = new ApiClient(server.url, key);
    return new DocStory(folder, api, {
      PATH: `${path.join(folder, ".bin")}:${process.env.PATH}`,
      HOME: folder,
      DATABASE_URL: databaseUrl,
      HEADWAY_URL: server.url,
      HEADWAY_KEY: key,
      HEADWAY_DATA_DIR: path.join(folder, ".headway"),
    });
  }

  /** Runs a command of a shell block, with what the story has in place of what the page can't know. */
  async run(command: string): Promise<Ran> {
    let text = command;
    if (/\bJOB\b/.test(text)) text = text.replace(/\bJOB\b/, await this.#jobFor(command));
    if (/ keys revoke /.test(text)) text = text.replace(/[0-9a-f-]{36}/, await this.#keyNamed("web"));
    text = text.replace(/http:\/\/127\.0\.0\.1:4000\/uploads\/[^"]*/, this.#uploadUrl ?? "");
    return this.#bash(text.replaceAll(/http:\/\/127\.0\.0\.1:4000(?!\d)/g, this.env.HEADWAY_URL!));
  }

  /** Executes each operation of a GraphQL block; the answers, in order. Of a subscription it is every event until the job is settled. */
  async execute(code: string): Promise<Answer[]> {
    const answers: Answer[] = [];
    for (const definition of parse(code).definitions) {
      if (definition.kind !== Kind.OPERATION_DEFINITION) throw new Error(`${definition.kind} can't be executed.`);
      answers.push(await this.#executeOne(definition));
    }
    return answers;
  }

  async #executeOne(operation: OperationDefinitionNode): Promise<Answer> {
    const text = await this.#filled(print(operation));
    if (operation.operation === "subscription") return { events: await this.#untilSettled(text) };
    const answer = await this.api.query<Answer>(text, {});
    for (const payload of Object.values(answer)) {
      if (payload?.userErrors?.length > 0) throw new Error(`${text}: ${JSON.stringify(payload.userErrors)}`);
      this.#collectionId = payload?.collection?.id ?? this.#collectionId;
      this.#uploadUrl = payload?.uploads?.[0]?.url ?? this.#uploadUrl;
    }
    this.#cursor = answer.streamCursor ?? this.#cursor;
    return answer;
  }

  async #untilSettled(subscription: string): Promise<Answer[]> {
    const events: Answer[] = [];
    for await (const { statusChanges: event } of this.api.subscribe<Answer>(subscription, {})) {
      events.push(event);
      if (event.entityType === "JOB" && SETTLED.has(event.toStatus)) break;
    }
    return events;
  }

  /** The operation with ids of this story; fails where the page leaves out something that the story does not have. */
  async #filled(text: string): Promise<string> {
    if (text.includes('collectionId: "…"')) this.#collectionId ??= await this.#newCollection("from an earlier page");
    const filled = text
      .replaceAll('collectionId: "…"', `collectionId: "${this.#collectionId}"`)
      .replaceAll('after: "the cursor from before"', `after: "${this.#cursor}"`)
      .replaceAll('sha256: "…"', `sha256: "${createHash("sha256").update(UPLOAD).digest("hex")}"`);
    if (filled.includes("…")) throw new Error(`The story has nothing for "…" in: ${filled}`);
    return filled;
  }

  async #newCollection(name: string): Promise<string> {
    const create =
      "mutation ($name: String!) { createCollection(input: { name: $name }) { collection { id } userErrors { code message } } }";
    return (await this.api.mutate<any>(create, { name })).collection.id;
  }

  /** The job that a command is about: the newest, unless the command needs one of a kind. */
  async #jobFor(command: string): Promise<string> {
    if (command.includes(" cancel ")) return this.#scheduledJob();
    if (command.includes("report.xlsx")) {
      await this.#bash("headway submit march/ --pipeline expenses --collection march --watch");
    }
    const { jobs } = await this.api.query<Answer>("{ jobs(first: 1) { nodes { id } } }", {});
    return jobs.nodes[0].id;
  }

  async #scheduledJob(): Promise<string> {
    const collectionId = await this.#newCollection("for later");
    await this.api.mutate<any>(
      "mutation ($input: AddDocumentsInput!) { addDocuments(input: $input) { userErrors { code message } } }",
      { input: { collectionId, documents: [{ name: "a.txt", text: "Later." }] } },
    );
    const runAt = new Date(Date.now() + 86_400_000).toISOString();
    const submit =
      "mutation ($input: SubmitJobInput!) { submitJob(input: $input) { job { id } userErrors { code message } } }";
    return (await this.api.mutate<any>(submit, { input: { collectionId, pipeline: "documents", runAt } })).job.id;
  }

  async #keyNamed(name: string): Promise<string> {
    const { output } = await this.#bash("headway keys list --json");
    return (JSON.parse(output) as { id: string; name: string }[]).find((one) => one.name === name)!.id;
  }

  #bash(command: string): Promise<Ran> {
    return new Promise((resolve, reject) => {
      const child = spawn("bash", ["-c", command], {
        cwd: this.folder,
        env: this.env,
        stdio: ["ignore", "pipe", "pipe"],
      });
      let output = "";
      child.stdout.on("data", (part: Buffer) => (output += part.toString()));
      child.stderr.on("data", (part: Buffer) => (output += part.toString()));
      child.once("error", reject);
      child.once("close", (code) => resolve({ code, output }));
    });
  }
}

async function keyOfProject(databaseUrl: string, name: string): Promise<string> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const db = { query: async (sql: string, values?: unknown[]) => (await client.query(sql, values)).rows as any };
    return await keyBy(db, { projectId: (await projectNamed(db, name)).id });
  } finally {
    await client.end();
  }
}

/** The files that pages speak of, and the commands as a clone has them: npx runs those of the package it stands in. */
async function prepare(folder: string, key: string): Promise<void> {
  for (const name of [".bin", ".headway", "letters", "march"]) await mkdir(path.join(folder, name));
  const write = (name: string, content: string | Buffer): Promise<void> => writeFile(path.join(folder, name), content);
  await write(".headway/development-key", key);
  await write("letters/greeting.txt", "Good morning, and welcome.\n");
  await write("letters/empty.txt", "");
  await write(
    "march/statement.csv",
    "Date,Description,Amount,Currency\n2026-03-02,CITY TAXI,-18.40,EUR\n2026-03-03,HOTEL,-96.00,EUR\n",
  );
  await write("a.pdf", UPLOAD);
  await write(".curlrc", "fail\nsilent\n");
  await cp(path.join(ROOT, "examples", "batch"), path.join(folder, "invoices"), { recursive: true });
  const command = `#!/bin/sh\nexec "${process.execPath}" "${MAIN}" "$@"\n`;
  for (const [name, script] of [
    ["headway", command],
    ["headway-api", command],
    ["npx", '#!/bin/sh\nexec "$@"\n'],
  ] as const) {
    await write(`.bin/${name}`, script);
    await chmod(path.join(folder, ".bin", name), 0o755);
  }
}

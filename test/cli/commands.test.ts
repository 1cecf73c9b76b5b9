import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import pg from "pg";
import { keyIn } from "../support/keys.js";
import { developmentKeyFile } from "../../src/access/development-key.js";
import { createSite, headway, type Ended, type Site } from "./site.js";

// Each command is a process of its own.
const UNKNOWN = "0190a0a0-0000-7000-8000-000000000000";
let site: Site;
beforeAll(async () => {
  site = await createSite();
});
afterAll(() => site.close());

/** Past the door, as only a superuser can: with the triggers switched off. */
async function unguarded(statement: string, id: string): Promise<void> {
  const url = new URL(process.env.HEADWAY_TEST_SUPERUSER_URL!);
  url.pathname = new URL(site.database.url).pathname;
  const superuser = new pg.Client({ connectionString: url.href });
  await superuser.connect();
  await superuser.query("set session_replication_role = replica");
  await superuser.query(statement, [id]);
  await superuser.end();
}

describe("headway status", () => {
  test("says how a collection stands, which tasks failed and why, and what can be done", async () => {
    const jobId = await site.submit("torn", ["fine", "broken"]);
    const { code, stdout, stderr } = await site.run("status", "torn");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^torn {2}COMPLETED_WITH_ERRORS for \d/);
    expect(stdout).toMatch(/since {7}\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ, ALL_TASKS_SETTLED by system:converge/);
    expect(stdout).toContain("documents   2\n");
    expect(stdout).toContain("2 documents: 1 completed, 1 failed\n");
    expect(stdout).toMatch(
      /failed \(1\)\n.* torn-1\.txt {2}read {2}BROKEN_LETTER: torn-1\.txt is broken;\ufffd\[31m send it again\.\n/,
    );
    expect(stdout).toMatch(new RegExp(`retry +headway retry ${jobId}\n`));
    expect(stdout).toMatch(/cancel +not now: Job \S+ is COMPLETED_WITH_ERRORS; only open work can be cancelled\.\n/);
    const json = await site.json("status", "torn");
    expect(json).toMatchObject({
      name: "torn",
      status: "COMPLETED_WITH_ERRORS",
      canSubmit: { allowed: true },
      job: { id: jobId, canRetry: { allowed: true }, failed: { totalCount: 1 } },
    });
    expect((await site.json("status", json.id)).name).toBe("torn");
  });

  test("says of open work what runs, what it waits for, and since when", async () => {
    const gate = path.join(site.folder, "status-gate");
    const jobId = await site.submit("open", ["one", "two"], gate);
    let shown: Ended;
    do shown = await site.run("status", "open");
    while (!/ sort +0 +2 /.test(shown.stdout));
    expect(shown.stdout).toMatch(/^open {2}PROCESSING for /);
    expect(shown.stdout).toContain("running (2)\n");
    expect(shown.stdout).toMatch(/ open-0\.txt +sort +try 1 of 3 +0 % after /);
    expect(shown.stdout).toContain(`watch   headway watch ${jobId}\n`);
    expect(shown.stdout).toMatch(/submit {2}not now: Job \S+ of this collection is still PROCESSING/);
    await writeFile(gate, "");
    expect((await site.run("watch", jobId)).code).toBe(0);
  });

  test("names collections that there are when there is none of that name", async () => {
    await site.submit("invoices", ["x"]);
    expect(await site.run("status", "invoice")).toEqual({
      code: 1,
      stdout: "",
      stderr: 'There is no collection "invoice". Similar names: "invoices".\n',
    });
    const other = await site.run("status", UNKNOWN);
    expect(other.stderr).toMatch(/^There is no collection "0190a0a0-.*". The newest: "invoices"/);
  });
});

describe("headway jobs", () => {
  test("filters, and pages by cursor", async () => {
    const ids: string[] = [];
    for (let i = 0; i < 3; i += 1) ids.unshift(await site.submit("listed", [`text ${i}`]));
    const first = await site.json("jobs", "--collection", "listed", "--first", "2");
    expect(first).toMatchObject({ totalCount: 3, pageInfo: { hasNextPage: true } });
    const rest = await site.json("jobs", "--collection", "listed", "--first", "2", "--after", first.pageInfo.endCursor);
    expect([...first.nodes, ...rest.nodes].map(({ id }: any) => id)).toEqual(ids);
    const shown = await site.run("jobs", "--collection", "listed", "--first", "2", "--status", "completed,failed");
    expect(shown.stdout).toMatch(new RegExp(`${ids[0]} {2}listed {6}letters {3}COMPLETED .*100 %`));
    expect(shown.stdout).toContain("2 of 3; continue with the same filters and --after ");
    const none = await Promise.all([
      site.run("jobs", "--collection", "listed", "--status", "FAILED"),
      site.run("jobs", "--collection", "listed", "--stuck"),
      site.run("jobs", "--created-before", "2020-01-01"),
      site.run("jobs", "--pipeline", "pigeons"),
    ]);
    expect(none.map(({ stdout }) => stdout)).toEqual(Array(4).fill("No job fits these filters.\n"));
    expect((await site.json("jobs", "--collection", "listed", "--created-after", "2020-01-01")).totalCount).toBe(3);
  });
});

describe("headway retry, cancel and history", () => {
  test("retry takes a job's failed tasks, one task, or those of an error code; the history tells why", async () => {
    const jobId = await site.submit("retried", ["fine", "broken"]);
    const wrong = await site.run("retry", jobId, "--error-code", "OTHER");
    expect(wrong).toMatchObject({ code: 1, stdout: "" });
    expect(wrong.stderr).toContain("OTHER");
    const retried = await site.run("retry", jobId, "--error-code", "BROKEN_LETTER", "--reason", "it came again");
    expect(retried).toMatchObject({ code: 0, stderr: "" });
    expect(retried.stdout).toMatch(/^Retrying 1 task of job .*, run 2: /);
    expect((await site.run("watch", jobId)).code).toBe(0);
    const again = await site.run("retry", jobId, "--json");
    expect({ ...again, stderr: JSON.parse(again.stderr) }).toEqual({
      code: 1,
      stdout: "",
      stderr: { error: { code: "NOT_RETRYABLE", message: expect.stringContaining("is COMPLETED") } },
    });

    const { stdout } = await site.run("history", jobId);
    expect(stdout).toMatch(/ QUEUED +RETRIED_BY_REQUEST +\S+ +it came again\n/);
    const all = await site.json("history", jobId, "--all", "--first", "3");
    expect(all.nodes.map(({ version, entityType }: any) => [version, entityType])).toEqual([
      [1, "JOB"],
      [1, "TASK"],
      [1, "TASK"],
    ]);
    const next = await site.json("history", jobId, "--all", "--first", "1", "--after", all.pageInfo.endCursor);
    expect(next.nodes).toMatchObject([{ version: 2, entityType: "TASK", reason: "CLAIMED" }]);
    const ofCollection = await site.json("history", "retried");
    expect(ofCollection.nodes.map(({ toStatus }: any) => toStatus)).toEqual([
      "CREATED",
      "PROCESSING",
      "COMPLETED_WITH_ERRORS",
      "PROCESSING",
      "COMPLETED",
    ]);
    const taskId = all.nodes[1].entityId;
    expect((await site.json("history", taskId)).nodes.at(-1)).toMatchObject({ toStatus: "COMPLETED" });
    const noTask = await site.run("retry", taskId);
    expect(noTask.stderr).toContain("only a FAILED or CANCELLED task can be retried");
    expect((await site.run("retry", taskId, "--error-code", "X")).code).toBe(2);
  });

  test("cancel stops a task, then the job; what is no job or task is refused with where to find one", async () => {
    const jobId = await site.submit("stopped", ["one", "two"], path.join(site.folder, "never"));
    const { job } = await site.json("status", "stopped");
    const task = [...job.running.nodes, ...job.waiting.nodes][0].id;
    expect((await site.run("cancel", task, "--reason", "no need")).stdout).toMatch(/^Task \S+ is (CANCELLED|RUNNING)/);
    expect((await site.run("cancel", jobId)).stdout).toMatch(/^Job \S+ is (CANCELLED|CANCELLING)/);
    expect((await site.run("watch", jobId)).code).toBe(6);
    expect(await site.run("cancel", "stopped")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(
        '"stopped" is not the ID of a job or task. Jobs and their ids are listed by: headway jobs',
      ),
    });
    expect(await site.run("cancel", UNKNOWN)).toMatchObject({ code: 1, stdout: "" });
    const collectionId = (await site.json("status", "stopped")).id;
    expect((await site.run("retry", collectionId)).stderr).toContain("is a collection, not a job or task.");
  });
});

describe("headway artifacts and download", () => {
  test("the files of a job are listed, named at the end of a watch, and had whole; one that is there is left", async () => {
    const letter = await site.write("invoice.txt", "Invoice No. 42, Total 10.00");
    const options = JSON.stringify({ fields: { number: { pattern: "No\\. (\\d+)" } } });
    const watched = await site.run("submit", letter, "--pipeline", "batch", "--options", options, "--watch");
    const [, jobId, name] = /npx headway-api download (\S+) (\S+)\n$/.exec(watched.stdout)!;
    expect(watched.stdout).toContain(`It wrote ${name}`);

    const { artifacts } = await site.json("artifacts", jobId!);
    const csv = artifacts.find((one: { name: string }) => one.name.endsWith(".csv"));
    expect((await site.run("artifacts", jobId!)).stdout).toMatch(new RegExp(`${csv.name} +${csv.sizeBytes} +text/csv`));

    const target = path.join(site.folder, "had.csv");
    const download = ["download", jobId!, csv.name, "--output"] as const;
    expect(await site.run(...download, target)).toMatchObject({ code: 0, stderr: "" });
    expect(await readFile(target, "utf8")).toMatch(/invoice\.txt.*42/);
    await writeFile(target, "mine");
    expect(await site.run(...download, target)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("is there already; give --force"),
    });
    expect(await readFile(target, "utf8")).toBe("mine");
    await site.run(...download, target, "--force");
    expect(await readFile(target, "utf8")).not.toBe("mine");
    expect((await site.run(...download, site.folder)).stdout).toContain(path.join(site.folder, csv.name));
    expect(await site.run(...download, path.join(site.folder, "nowhere", "x.csv"))).toMatchObject({ code: 2 });
  });

  test("a name that the job has not is refused with those that it has", async () => {
    const jobId = await site.submit("bare", ["x"]);
    expect(await site.run("artifacts", jobId)).toMatchObject({
      code: 0,
      stdout: `Job ${jobId} has written no files yet.\n`,
    });
    const refused = await site.run("download", jobId, "report.xlsx");
    expect(refused).toMatchObject({
      code: 1,
      stderr: `Job ${jobId} has no file "report.xlsx". It has written no files yet.\n`,
    });
    expect(await site.run("artifacts", UNKNOWN)).toMatchObject({ code: 1 });
  });
});

describe("headway doctor", () => {
  test("ends with 0 when all is well, and with 1 and the place when an invariant is broken", async () => {
    const jobId = await site.submit("sick", ["x"]);
    expect(await site.run("doctor")).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^No invariant is broken/),
    });
    await unguarded("update headway.job set completed = 7 where id = $1", jobId);
    try {
      const found = await site.run("doctor", "--collection", "sick");
      expect(found).toMatchObject({ code: 1, stderr: "" });
      expect(found.stdout).toMatch(new RegExp(`^1 broken invariant:\n.*\n {2}S8 .* job ${jobId}  counters differ`));
      const json = await site.run("doctor", "--job", jobId, "--json");
      expect(json.code).toBe(1);
      expect(JSON.parse(json.stdout).violations).toMatchObject([{ invariant: "S8", entityId: jobId }]);
    } finally {
      await unguarded("update headway.job set completed = 1 where id = $1", jobId);
    }
  });
});

describe("every command", () => {
  /** A server that is not Headway, and answers as told. */
  async function stranger(status: number, body: string, seen: string[] = []): Promise<{ url: string; close(): void }> {
    const server = createServer((req, res) => {
      seen.push(req.headers.authorization ?? "none");
      res.writeHead(status, { "content-type": "application/json" }).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => void server.close() };
  }

  test("says which address does not answer and how to start a server, and ends with 3", async () => {
    const gone = await stranger(200, "");
    gone.close();
    expect(await headway(["jobs"], { HEADWAY_URL: gone.url })).toEqual({
      code: 3,
      stdout: "",
      stderr: `No Headway server answers at ${gone.url} (ECONNREFUSED). Start one with "npx headway-api start", or say where it is with --url or HEADWAY_URL.\n`,
    });
    const other = await stranger(502, "<html>");
    const ended = await headway(["status", "x", "--url", other.url, "--json"]);
    other.close();
    expect({ code: ended.code, error: JSON.parse(ended.stderr).error.code }).toEqual({ code: 3, error: "NOT_HEADWAY" });
  });

  test("ends with 3 as well where the server says that its database does not answer, and says the code", async () => {
    const message = "The database cannot be reached.";
    const busy = await stranger(200, JSON.stringify({ errors: [{ message, extensions: { code: "SERVICE_BUSY" } }] }));
    const ended = await headway(["jobs", "--url", busy.url]);
    busy.close();
    expect(ended).toEqual({ code: 3, stdout: "", stderr: `${message} (SERVICE_BUSY)\n` });
  });

  test("shows its key, and ends with 4 when that does not do", async () => {
    const seen: string[] = [];
    const body = JSON.stringify({
      errors: [{ message: "This key is not known.", extensions: { code: "UNAUTHENTICATED" } }],
    });
    const server = await stranger(401, body, seen);
    const settings = { HEADWAY_URL: server.url, HEADWAY_DATA_DIR: path.join(site.folder, "dev") };
    await mkdir(settings.HEADWAY_DATA_DIR);
    await headway(["jobs"], settings);
    await writeFile(developmentKeyFile(settings.HEADWAY_DATA_DIR), "hw_dev_1\n");
    const ended = await headway(["jobs"], settings);
    await headway(["jobs"], { ...settings, HEADWAY_KEY: "hw_env_2" });
    await headway(["jobs", "--key", "hw_option_3"], { ...settings, HEADWAY_KEY: "hw_env_2" });
    server.close();
    expect(ended).toEqual({ code: 4, stdout: "", stderr: "This key is not known. (UNAUTHENTICATED)\n" });
    expect(seen).toEqual(["none", "Bearer hw_dev_1", "Bearer hw_env_2", "Bearer hw_option_3"]);
  });

  test("is refused by the server what its key may not do", async () => {
    const key = await keyIn(site.database.url, { role: "VIEWER" });
    const ended = await headway(["cancel", await site.submit("guarded", ["x"])], {
      ...site.settings,
      HEADWAY_KEY: key,
    });
    expect(ended).toMatchObject({ code: 4, stdout: "", stderr: expect.stringContaining("OPERATOR") });
    const none = await headway(["jobs"], { ...site.settings, HEADWAY_KEY: "" });
    expect(none).toMatchObject({ code: 4, stdout: "" });
  });

  test.each([
    [["jobs", "--status", "odd"], '"ODD" must be one of QUEUED, PROCESSING'],
    [["jobs", "--first", "101"], "It must be a whole number from 1 to 100."],
    [["jobs", "--created-after", "soon"], "It must be a time such as 2026-03-01"],
    [["jobs", "--url", "ftp://x"], 'The server\'s address is "ftp://x"; it must be the address of a Headway server'],
    [["jobs", "--url", "http://me:secret@x"], "The server's address holds a user or a password"],
    [["retry", UNKNOWN, "--from", "LAST"], "Allowed choices are FAILED_STAGE, FIRST_STAGE."],
    [["watch"], "missing required argument 'job'"],
    [["jibs"], "unknown command 'jibs'"],
    [["migrate"], "DATABASE_URL is not set"],
  ])("refuses %j with 2 and what it must be", async (args, message) => {
    const { code, stdout, stderr } = await headway(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(message);
    expect(stderr).not.toContain("secret");
  });

  test("is told by help with the exit codes", async () => {
    const { code, stdout } = await headway(["help"]);
    expect(code).toBe(0);
    for (const name of ["submit", "watch", "status", "jobs", "retry", "cancel", "history", "doctor", "migrate"]) {
      expect(stdout).toMatch(new RegExp(`^  ${name} `, "m"));
    }
    expect(stdout).toContain("Exit codes: 0 well; 1 refused or failed");
  });
});

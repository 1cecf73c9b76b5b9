import { afterEach, describe, expect, test } from "@jest/globals";
import { execFile } from "node:child_process";
import { appendFile, chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import type { ApiClient } from "../../../src/cli/client.js";
import { startEmbeddedPostgres, type EmbeddedPostgres } from "../../../src/database/embedded.js";
import { migrate } from "../../../src/database/migrate.js";
import { until } from "../../support/until.js";
import { startFaultProxy } from "../fault-proxy.js";
import { createFaultRig, hasExited, ROLES } from "../rig.js";
import { changeIds } from "../../support/changes.js";

const run = promisify(execFile);
/** With owners and rights, which the server insists on. */
const copyFolder = (from: string, to: string): Promise<unknown> => run("cp", ["-a", from, to]);

const cleaners: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleaners.splice(0).reverse()) await clean();
});

interface Event {
  readonly kind: "StatusChange" | "StreamGap";
  readonly cursor?: string;
  readonly resumeAt?: string;
  readonly id?: string;
  readonly jobId?: string;
}

/** All that a subscription gives behind a cursor; of everything where no collection is given. */
function follow(api: ApiClient, collectionId: string | null, after: string): Event[] {
  const got: Event[] = [];
  const events = api.subscribe<{ statusChanges: Event }>(
    `subscription ($collectionId: ID, $after: String) { statusChanges(collectionId: $collectionId, after: $after) {
       kind: __typename ... on StatusChange { id jobId cursor } ... on StreamGap { resumeAt } } }`,
    { collectionId, after },
  );
  void (async () => {
    for await (const { statusChanges } of events) got.push(statusChanges);
  })().catch(() => undefined); // The client is closed with the rig.
  return got;
}

async function cursorOf(api: ApiClient, collectionId: string | null): Promise<string> {
  const { streamCursor } = await api.query<{ streamCursor: string }>(
    "query ($collectionId: ID) { streamCursor(collectionId: $collectionId) }",
    { collectionId },
  );
  return streamCursor;
}

const kinds = (got: readonly Event[]): string[] => got.map(({ kind }) => kind);
const ofJob = (got: readonly Event[], jobId: string): string[] =>
  got.filter((event) => event.jobId === jobId).map(({ id }) => id!);

/** A folder for a cluster that the server's user can reach, so that the cluster lies in it. */
async function folder(): Promise<string> {
  const made = await mkdtemp(path.join(tmpdir(), "headway-f38-"));
  await chmod(made, 0o755);
  cleaners.push(() => rm(made, { recursive: true, force: true }));
  return made;
}

describe("F38: a database that goes on from an earlier state", () => {
  test("is a copy of its folder, put back: old cursors and running streams are told, and nothing else is missed", async () => {
    const dataDir = await folder();
    let postgres = await startEmbeddedPostgres({ dataDir });
    cleaners.push(() => postgres.stop());
    await migrate(postgres.url);
    const rig = await createFaultRig({ databaseUrl: postgres.url });
    cleaners.push(() => rig.close());
    const headway = await rig.start();
    const api = rig.client(headway);
    const port = Number(new URL(postgres.url).port);
    const restart = async (): Promise<void> => {
      postgres = await startEmbeddedPostgres({ dataDir, port });
      await until("it is ready again", async () => (await fetch(`${headway.url}/readyz`)).ok);
    };
    // A stream of the project goes by transactions, and they may come to a collection's history in another order.
    const history = (jobId: string, kind: "collection" | "project" = "collection"): Promise<string[]> => {
      const order = kind === "project" ? "tx, position" : "position";
      return changeIds(rig.db, `where s.job_id = $1 order by ${order}`, [jobId]);
    };

    const collectionId = await rig.collection(api, 4);
    await rig.settled([await rig.submit(api, collectionId, {}, "scenery")]);
    const kept = { collection: await cursorOf(api, collectionId), project: await cursorOf(api, null) };
    await postgres.stop();
    const copy = path.join(await folder(), "copy");
    await copyFolder(path.join(dataDir, "postgres"), copy);
    await restart();

    const live = {
      collection: follow(api, collectionId, await cursorOf(api, collectionId)),
      project: follow(api, null, await cursorOf(api, null)),
    };
    const lostJob = await rig.submit(api, collectionId, {}, "scenery");
    await rig.settled([lostJob]);
    const lost = await history(lostJob);
    for (const got of Object.values(live)) await until("the streams have it all", () => got.length >= lost.length);
    const old = { collection: live.collection.at(-1)!.cursor!, project: live.project.at(-1)!.cursor! };
    expect([...kinds(live.collection), ...kinds(live.project)]).not.toContain("StreamGap");

    await postgres.stop();
    await rm(path.join(dataDir, "postgres"), { recursive: true });
    await copyFolder(copy, path.join(dataDir, "postgres"));
    await restart();
    // As many changes as were lost, at the same positions.
    const job = await rig.submit(api, collectionId);
    await rig.settled([job]);
    const made = await history(job);
    expect(made.length).toBeGreaterThanOrEqual(lost.length);

    const resumed = { collection: follow(api, collectionId, old.collection), project: follow(api, null, old.project) };
    for (const got of [...Object.values(resumed), ...Object.values(live)]) {
      await until("the gap is told", () => kinds(got).includes("StreamGap"));
    }
    expect([kinds(resumed.collection)[0], kinds(resumed.project)[0]]).toEqual(["StreamGap", "StreamGap"]);
    // A cursor that is in the copy is as good as before.
    const behind = { collection: follow(api, collectionId, kept.collection), project: follow(api, null, kept.project) };
    for (const got of Object.values(behind)) {
      await until("all of it comes", () => ofJob(got, job).length === made.length);
      expect(kinds(got)).not.toContain("StreamGap");
    }
    const next = await rig.submit(api, collectionId);
    await rig.settled([next]);
    for (const kind of ["collection", "project"] as const) {
      const expected = await history(next, kind);
      for (const { [kind]: got } of [live, resumed, behind]) {
        await until("what comes later comes to all", () => ofJob(got, next).length >= expected.length);
        expect(ofJob(got, next)).toEqual(expected);
      }
    }
    await rig.account({ fault: "F38", what: `a copy put back, ${lost.length} changes lost`, times: 1 });
  });

  test("is a standby that took over without the last changes: work goes on unaided, and what was lost can be sent again", async () => {
    const [first, second] = [await folder(), await folder()];
    // A standby begins as a copy; the rest it is sent.
    await (await startEmbeddedPostgres({ dataDir: first })).stop();
    for (const part of ["postgres", "postgres-password"])
      await copyFolder(path.join(first, part), path.join(second, part));
    const primary = await startEmbeddedPostgres({ dataDir: first });
    cleaners.push(() => primary.stop().catch(() => undefined)); // By then it has crashed.
    const replication = await startFaultProxy(portOf(primary));
    cleaners.push(() => replication.close());
    const { password } = new URL(primary.superuserUrl);
    await writeFile(path.join(second, "postgres", "standby.signal"), "");
    await appendFile(
      path.join(second, "postgres", "postgresql.auto.conf"),
      `primary_conninfo = 'host=127.0.0.1 port=${replication.port} user=postgres password=${password}'\n`,
    );
    const standby = await startEmbeddedPostgres({ dataDir: second });
    cleaners.push(() => standby.stop());

    // What a name that is moved, or a balancer, does in front of them.
    const address = await startFaultProxy(portOf(primary));
    cleaners.push(() => address.close());
    const url = new URL(primary.url);
    url.port = String(address.port);
    await migrate(url.href);
    const rig = await createFaultRig({ databaseUrl: url.href });
    cleaners.push(() => rig.close());
    const processes = [await rig.start({ HEADWAY_ROLES: "api,reconciler" }), await rig.start(ROLES.worker)];
    const api = rig.client(processes[0]!);
    const onStandby = new pg.Pool({ connectionString: standby.superuserUrl.replace(/postgres$/, "headway") });
    cleaners.push(() => onStandby.end());
    const database = async (): Promise<string | null> => {
      const answer = (await (await fetch(`${processes[0]!.url}/readyz`)).json()) as {
        checks: { name: string; message: string | null }[];
      };
      return answer.checks.find(({ name }) => name === "database")!.message;
    };
    const hasJob = async (id: string): Promise<boolean> =>
      (await onStandby.query("select from headway.job where id = $1", [id])).rowCount === 1;

    const collectionId = await rig.collection(api, 4);
    await rig.settled([await rig.submit(api, collectionId)]);
    const under = await rig.submit(api, 8, { options: { holdMs: 1_000 } });
    await until("the standby has the work that is under way", async () => {
      const { rows } = await onStandby.query("select from headway.task where job_id = $1 and status = 'RUNNING'", [
        under,
      ]);
      return rows.length === 8;
    });
    const live = follow(api, collectionId, await cursorOf(api, collectionId));
    replication.blackhole();
    const again = { collectionId, pipeline: "steps", idempotencyKey: "once" };
    const lost = await rig.submit(api, collectionId, again, "scenery");
    await rig.settled([lost]);
    await until("its stream has told of it", () => ofJob(live, lost).length > 10);
    const old = live.at(-1)!.cursor!;

    const pid = Number((await readFile(path.join(first, "postgres", "postmaster.pid"), "utf8")).split("\n")[0]);
    process.kill(pid, "SIGQUIT");
    address.leadTo(portOf(standby));
    address.reset();
    // Reading works there, and a balancer must not take that for all.
    await until("it is not ready", async () => (await database()) === "it is a standby that takes no writes");
    await onStandby.query("select pg_promote()");
    const promotedAt = Date.now();
    await until("it is ready again", async () => (await fetch(`${processes[0]!.url}/readyz`)).ok);
    expect(await hasJob(lost)).toBe(false);
    const sent = await rig.submit(api, collectionId, again);
    await rig.settled([under, sent]);
    const recoveryMs = Date.now() - promotedAt;
    expect(processes.filter(hasExited)).toEqual([]);
    const { rows } = await rig.db.query("select max(crashes)::int as crashes from headway.task where job_id = $1", [
      under,
    ]);
    expect(rows).toEqual([{ crashes: 0 }]);
    await until("the running stream is told of the gap", () => kinds(live).includes("StreamGap"));
    const resumed = follow(api, collectionId, old);
    await until("the old cursor is answered", () => resumed.length > 0);
    expect(resumed[0]!.kind).toBe("StreamGap");
    await rig.account({ fault: "F38", what: "a standby took over", times: 1, recoveryMs });
  });
});

const portOf = ({ url }: EmbeddedPostgres): number => Number(new URL(url).port);

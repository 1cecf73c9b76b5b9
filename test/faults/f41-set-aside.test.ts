import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { deleteCollection } from "../../src/engine/expiry/expire.js";
import { createUploads } from "../../src/engine/uploads/uploads.js";
import { ACTOR, createRig, PROJECT, type Rig } from "../support/engine.js";
import { until } from "../support/until.js";
import { note } from "./rig.js";

let rig: Rig;
beforeEach(async () => {
  rig = await createRig([]);
  // What somebody else keeps in the same database, and what it refers to can't be removed.
  await rig.db.query("create schema other");
  await rig.db.query(
    "create table other.kept (document_id uuid references headway.document, upload_id uuid references headway.upload)",
  );
});
afterEach(() => rig.close());

const told = (what: string): unknown[] => rig.errors.filter(({ doing }) => doing.includes(what));
const isGone = async (table: string, id: string): Promise<boolean> =>
  (await rig.db.query(`select 1 from headway.${table} where id = $1`, [id])).length === 0;
const isEmptied = async (id: string): Promise<boolean> =>
  (await rig.db.query("select 1 from headway.collection where id = $1 and emptied_at is not null", [id])).length === 1;

test("F41: a collection that can't be emptied is told of and tried ever later; the others are emptied, and at last it too", async () => {
  const [stuck, sound] = [await rig.collection(3), await rig.collection(3)];
  await rig.db.query(
    "insert into other.kept (document_id) select id from headway.document where collection_id = $1 limit 1",
    [stuck],
  );
  // By its id the one that can't be emptied is looked at first.
  expect(stuck < sound).toBe(true);
  await rig.db.query("update headway.collection set expires_at = now()");
  rig.startReconciler();
  await until("the sound one is empty", () => isEmptied(sound));
  await until("it was tried", () => told(stuck).length > 0);
  // Sweeps come every 50 ms; what is set aside for five seconds is not tried by the next ten.
  const later = await rig.collection(1);
  await rig.db.query("update headway.collection set expires_at = now() where id = $1", [later]);
  await until("others are emptied all the same", () => isEmptied(later));
  expect(told(stuck)).toHaveLength(1);
  expect(String((rig.errors[0]!.error as Error).message)).toContain("kept_document_id_fkey");
  const [row] = await rig.db.query(
    "select expiry_failures as failures, expiry_retry_at > now() as waits from headway.collection where id = $1",
    [stuck],
  );
  expect(row).toEqual({ failures: 1, waits: true });
  await rig.db.query("delete from other.kept");
  await rig.db.query("update headway.collection set expiry_retry_at = now() where id = $1", [stuck]);
  await until("it is empty at last", () => isEmptied(stuck));
  const [after] = await rig.db.query("select expiry_failures as failures from headway.collection where id = $1", [
    stuck,
  ]);
  expect(after).toEqual({ failures: 0 });
  note({ fault: "F41", what: "a collection that can't be emptied", times: 1, looks: 0, jobs: 0 });
});

test("F41: deleting a collection is taken, though its contents can't be removed at once", async () => {
  const stuck = await rig.collection(1);
  await rig.db.query("insert into other.kept (document_id) select id from headway.document");
  expect(await deleteCollection(rig.deps, ACTOR, { collectionId: stuck })).toBe(stuck);
  expect(await rig.db.query("select status from headway.collection where id = $1", [stuck])).toEqual([
    { status: "EXPIRED" },
  ]);
});

test("F41: an upload that can't be removed keeps no other", async () => {
  const files = ["a", "b", "c"].map((name) => ({ name, sizeBytes: 1 }));
  const [first, stuck, last] = (await createUploads(rig.deps, ACTOR, { files })).map(({ id }) => id);
  await rig.db.query("insert into other.kept (upload_id) values ($1)", [stuck]);
  await rig.db.query("update headway.upload set expires_at = now(), sweep_at = now()");
  rig.startReconciler();
  await until("the others are gone", async () => (await isGone("upload", first!)) && (await isGone("upload", last!)));
  await until("it is told of", () => told(stuck!).length > 0);
  await rig.db.query("delete from other.kept");
  await rig.db.query("update headway.upload set sweep_at = now() where id = $1", [stuck]);
  await until("it is gone at last", () => isGone("upload", stuck!));
  note({ fault: "F41", what: "an upload that can't be removed", times: 1, looks: 0, jobs: 0 });
});

test("F41: 600 stored files that can't be removed keep no other", async () => {
  const key = `sources/${randomUUID()}/bytes`;
  await rig.blobs.write(key, Buffer.from("to go"));
  // No store takes such keys.
  await rig.db.query(
    `insert into headway.blob_deletion (prefix, project_id, delete_after)
     select '.stuck/' || n, $1, now() - interval '1 hour' from generate_series(1, 600) n`,
    [PROJECT],
  );
  await rig.db.query("insert into headway.blob_deletion (prefix, project_id) values ($1, $2)", [
    key.slice(0, -"/bytes".length),
    PROJECT,
  ]);
  rig.startReconciler();
  await until("it is gone", async () => (await rig.blobs.size(key)) === null);
  expect(told(".stuck/600").length).toBeGreaterThan(0);
  expect(new Set(rig.errors.map(({ doing }) => doing)).size).toBe(600);
  note({ fault: "F41", what: "600 files that can't be removed", times: 600, looks: 0, jobs: 0 });
});

import { completeAttempt, createUploads, findUpload, startAttempt } from "../../../src/engine/uploads/uploads.js";
import { ACTOR, createRig, PROJECT, type Rig } from "../../support/engine.js";

const WHO = { projectId: PROJECT, keyId: "", scope: null };
const SHA = "0".repeat(64);
let rig: Rig;
beforeAll(async () => {
  rig = await createRig([]);
});
afterAll(() => rig.close());

async function announced(): Promise<string> {
  const [upload] = await createUploads(rig.deps, ACTOR, { files: [{ name: "f", sizeBytes: 3 }] });
  return upload!.id;
}

describe("bytes that have come whole", () => {
  test("complete their upload once, and their place is booked for deletion no longer", async () => {
    const id = await announced();
    const one = await startAttempt(rig.db, (await findUpload(rig.db, WHO, id))!);
    const other = await startAttempt(rig.db, (await findUpload(rig.db, WHO, id))!);
    expect(await completeAttempt(rig.db, one, SHA)).toBe(true);
    expect(await completeAttempt(rig.db, other, SHA)).toBe(false);
    expect(await rig.db.query("select prefix from headway.blob_deletion")).toEqual([{ prefix: other.prefix }]);
    expect(await findUpload(rig.db, WHO, id)).toMatchObject({ isCompleted: true, sha256: SHA });
  });

  test("do not count where their place is due for deletion: the sweep may have removed them already", async () => {
    const id = await announced();
    const attempt = await startAttempt(rig.db, (await findUpload(rig.db, WHO, id))!);
    await rig.db.query("update headway.blob_deletion set delete_after = clock_timestamp() where prefix = $1", [
      attempt.prefix,
    ]);
    expect(await completeAttempt(rig.db, attempt, SHA)).toBe(false);
    expect(await findUpload(rig.db, WHO, id)).toMatchObject({ isCompleted: false });
  });

  test("do not count where the upload has expired meanwhile", async () => {
    const id = await announced();
    const attempt = await startAttempt(rig.db, (await findUpload(rig.db, WHO, id))!);
    await rig.db.query("update headway.upload set expires_at = clock_timestamp() where id = $1", [id]);
    expect(await completeAttempt(rig.db, attempt, SHA)).toBe(false);
    expect(await findUpload(rig.db, WHO, id)).toBeNull();
  });
});

import { createKey, KeyRing, revokeKey } from "../../src/access/keys.js";
import { DEFAULT_PROJECT_ID } from "../../src/access/projects.js";
import { createRig, type Rig } from "../support/engine.js";
import { until } from "../support/until.js";

let rig: Rig;
beforeAll(async () => {
  rig = await createRig([]);
});
afterAll(() => rig.close());

function made(lifeMs: number | null = null): Promise<{ id: string; key: string }> {
  return createKey(rig.db, {
    projectId: DEFAULT_PROJECT_ID,
    name: "tester",
    role: "VIEWER",
    lifeMs,
    scope: null,
    createdBy: "tests",
  });
}

/** The database, whose statements about keys are counted, and which can go away. */
function counted() {
  const state = { reads: 0, isGone: false };
  const query = (sql: string, values?: unknown[]): Promise<any> => {
    if (state.isGone) return Promise.reject(new Error("the database has gone"));
    if (sql.includes("secret_hash")) state.reads += 1;
    return rig.db.query(sql, values);
  };
  return { state, query };
}

describe("a key ring", () => {
  test("asks once about a key, however many requests come with it", async () => {
    const db = counted();
    const ring = new KeyRing(db, rig.deps.onError);
    const { key } = await made();
    const at = () => Promise.all(Array.from({ length: 50 }, () => ring.verify(key)));
    expect((await at()).every((row) => row?.name === "tester")).toBe(true);
    await at();
    expect(db.state.reads).toBe(1);
  });

  test("tells a key from one of the same id and another secret, known or not", async () => {
    const { key } = await made();
    const other = `${key.slice(0, 36)}${"A".repeat(43)}`;
    const ring = new KeyRing(rig.db, rig.deps.onError);
    expect(await ring.verify(other)).toBeNull();
    expect(await ring.verify(key)).not.toBeNull();
    expect(await ring.verify(other)).toBeNull();
    for (const text of ["", "hw_", key.toUpperCase(), `${key} `, key.slice(0, -1)])
      expect(await ring.verify(text)).toBeNull();
  });

  test("keeps the secret nowhere", async () => {
    const { id, key } = await made();
    const [row] = await rig.db.query("select k::text as text from headway.api_key k where id = $1", [id]);
    expect(row.text).not.toContain(key.slice(36));
    expect(row.text).not.toContain(Buffer.from(key.slice(36), "utf8").toString("hex"));
  });

  test("lets an expired key end on time, though the database can't be asked", async () => {
    const db = counted();
    const ring = new KeyRing(db, () => undefined);
    const { id, key } = await made(700);
    expect(await ring.verify(key)).not.toBeNull();
    db.state.isGone = true;
    await until("it has ended", async () => !(await ring.isGood(id)));
    expect(await ring.verify(key)).toBeNull();
  });

  test("goes by the database's clock: what it says is over is over, what it says is not is good", async () => {
    const { id, key } = await made();
    // As a machine sees it whose clock is hours from the database's: only what is left is looked at.
    const query = async (sql: string, values?: unknown[]): Promise<any> => {
      const rows = await rig.db.query(sql, values);
      return rows.map((row: { leftMs?: number }) =>
        "leftMs" in row ? { ...row, expiresAt: new Date(Date.now() - 7_200_000), leftMs: 60_000 } : row,
      );
    };
    expect(await new KeyRing({ query }, rig.deps.onError).verify(key)).not.toBeNull();
    await revokeKey(rig.db, DEFAULT_PROJECT_ID, id);
    expect(await new KeyRing({ query }, rig.deps.onError).verify(key)).toBeNull();
  });
});

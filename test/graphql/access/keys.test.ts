import { createTestApi, type TestApi } from "../../support/api.js";
import { PROJECT } from "../../support/engine.js";
import { keyBy } from "../../support/keys.js";
import { nodesOf, type Plan } from "../../support/plans.js";
import { sentIn } from "../../support/statements.js";

const UNKNOWN = "00000000-0000-7000-8000-00000000ffff";

let api: TestApi;
beforeAll(async () => {
  // A key that was revoked is refused at once by the server that revoked it, however long it trusts what it has read.
  api = await createTestApi([], { trustedMs: 3_600_000, recheckKeysMs: 3_600_000 });
});
afterAll(() => api.close());

const CREATE = `mutation ($input: CreateKeyInput!) { createKey(input: $input) {
  key apiKey { id name role collectionId createdBy expiresAt lastUsedAt revokedAt } userErrors { code message path } } }`;
const REVOKE =
  "mutation ($input: RevokeKeyInput!) { revokeKey(input: $input) { revokedId userErrors { code message path } } }";
const KEYS = "{ keys(first: 2) { nodes { id name revokedAt } pageInfo { hasNextPage } totalCount } }";

async function codeOf(query: string, as: string, variables: Record<string, unknown> = {}): Promise<string | undefined> {
  return (await api.send(query, variables, as)).errors[0]?.extensions.code;
}

describe("keys over the API", () => {
  test("are made, shown once, listed, used and revoked", async () => {
    const { data } = await api.send(CREATE, { input: { name: "web", role: "OPERATOR", expiresInDays: 30 } });
    const { key, apiKey, userErrors } = data!.createKey;
    expect(userErrors).toEqual([]);
    expect(apiKey).toMatchObject({
      name: "web",
      role: "OPERATOR",
      createdBy: "tester",
      lastUsedAt: null,
      revokedAt: null,
    });
    expect(Date.parse(apiKey.expiresAt) - Date.now()).toBeGreaterThan(29 * 86_400_000);
    expect((await api.send("{ viewer { name role } }", {}, key)).data).toEqual({
      viewer: { name: "web", role: "OPERATOR" },
    });

    const listed = await api.send(KEYS);
    expect(listed.data!.keys.nodes[0]).toEqual({ id: apiKey.id, name: "web", revokedAt: null });
    expect(JSON.stringify(listed)).not.toContain(key.split("_")[2]);

    const revoked = await api.send(REVOKE, { input: { keyId: apiKey.id } });
    expect(revoked.data!.revokeKey).toEqual({ revokedId: apiKey.id, userErrors: [] });
    expect(await codeOf("{ viewer { name } }", key)).toBe("UNAUTHENTICATED");
    expect((await api.send(KEYS)).data!.keys.nodes[0].revokedAt).not.toBeNull();
    const again = await api.send(REVOKE, { input: { keyId: apiKey.id } });
    expect(again.data!.revokeKey).toMatchObject({
      revokedId: null,
      userErrors: [{ code: "NOT_FOUND", path: ["input", "keyId"] }],
    });
  });

  test("without an end are made where none is given", async () => {
    const { data } = await api.send(CREATE, { input: { name: "service", role: "VIEWER" } });
    expect(data!.createKey.apiKey.expiresAt).toBeNull();
  });

  test("are refused with all that is wrong, and none is made", async () => {
    const before = (await api.send(KEYS)).data!.keys.totalCount;
    const { data } = await api.send(CREATE, { input: { name: " ", role: "VIEWER", expiresInDays: 0 } });
    expect(data!.createKey).toMatchObject({
      key: null,
      apiKey: null,
      userErrors: [
        { code: "INVALID_INPUT", path: ["input", "name"] },
        { code: "INVALID_INPUT", path: ["input", "expiresInDays"] },
      ],
    });
    const { data: none } = await api.send(REVOKE, { input: { keyId: "x" } });
    expect(none!.revokeKey.userErrors).toMatchObject([{ code: "INVALID_INPUT", path: ["input", "keyId"] }]);
    expect((await api.send(KEYS)).data!.keys.totalCount).toBe(before);
  });

  test("of another project are not there", async () => {
    const [{ id: projectId }] = await api.rig.db.query(
      "insert into headway.project (id, name) values (gen_random_uuid(), 'elsewhere') returning id",
    );
    const stranger = await keyBy(api.rig.db, { projectId, name: "stranger" });
    const { data } = await api.send("{ keys { nodes { name } } }", {}, stranger);
    expect(data!.keys.nodes).toEqual([{ name: "stranger" }]);
    const mine = (await api.send(KEYS)).data!.keys.nodes[0].id;
    const refusal = async (keyId: string): Promise<string> =>
      JSON.stringify((await api.send(REVOKE, { input: { keyId } }, stranger)).data).replaceAll(keyId, "<id>");
    expect(await refusal(mine)).toBe(await refusal(UNKNOWN));
  });

  test.each(["VIEWER", "OPERATOR"] as const)("are for ADMIN, and refused to %s", async (role) => {
    const as = await keyBy(api.rig.db, { name: "small", role });
    expect(await codeOf(KEYS, as)).toBe("FORBIDDEN");
    expect(await codeOf(CREATE, as, { input: { name: "more", role: "ADMIN" } })).toBe("FORBIDDEN");
    expect(await codeOf(REVOKE, as, { input: { keyId: UNKNOWN } })).toBe("FORBIDDEN");
  });

  test("are read page by page by an index, however many have been", async () => {
    await api.rig.db.query(
      `insert into headway.api_key (id, project_id, name, role, secret_hash, created_by, expires_at)
       select gen_random_uuid(), $1, 'old', 'VIEWER', sha256('x'), 'tests', now() from generate_series(1, 20000)`,
      [PROJECT],
    );
    await api.rig.db.query("analyze headway.api_key");
    const sent = await sentIn(() => api.send("{ keys(first: 50) { nodes { id name } } }"));
    const [page, ...more] = sent.filter(({ sql }) => sql.includes(`"headway"."api_key"`));
    expect(more).toEqual([]);
    const [
      {
        "QUERY PLAN": [{ Plan: plan }],
      },
    ] = await api.rig.db.query(`explain (format json) ${page!.sql}`, [...page!.values]);
    const scans = nodesOf(plan as Plan).filter((node) => node["Relation Name"] === "api_key");
    expect(scans.map((node) => node["Index Name"])).toEqual(["api_key_newest"]);
  });
});

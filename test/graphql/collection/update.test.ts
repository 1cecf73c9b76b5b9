import { createTestApi, type TestApi } from "../../support/api.js";

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi([]);
});
afterAll(() => api.close());

const KEPT = "id name description metadata expiresAt version";
const CREATE = `mutation ($input: CreateCollectionInput!) { createCollection(input: $input) {
  collection { ${KEPT} } existing { ${KEPT} } userErrors { code path } } }`;
const UPDATE = `mutation ($input: UpdateCollectionInput!) { updateCollection(input: $input) {
  collection { ${KEPT} } userErrors { code message path } } }`;
async function run(mutation: string, input: object): Promise<any> {
  const { data, errors } = await api.send(mutation, { input });
  expect(errors).toEqual([]);
  return Object.values(data!)[0];
}
const create = async (input: object): Promise<any> => (await run(CREATE, input)).collection;

test("createCollection gives the collection that has the name already, so that a page can go on with it", async () => {
  const first = await create({ name: "letters" });
  expect(await run(CREATE, { name: "letters" })).toEqual({
    collection: null,
    existing: first,
    userErrors: [{ code: "NAME_TAKEN", path: ["input", "name"] }],
  });
  expect((await run(CREATE, { name: "" })).existing).toBeNull();
  expect((await run(CREATE, { name: "other letters" })).existing).toBeNull();
});

describe("updateCollection", () => {
  test("changes what is given and nothing else, and leaves status and history as they are", async () => {
    const before = await create({ name: "old", description: "as it was", metadata: { a: 1 }, expiresInDays: 3 });
    const changed = await run(UPDATE, { collectionId: before.id, name: "new" });
    expect(changed).toEqual({ collection: { ...before, name: "new" }, userErrors: [] });
    const expiresAt = "2999-01-01T00:00:00.000Z";
    const rest = { description: "as it is", metadata: { b: [2] }, expiresAt };
    const again = await run(UPDATE, { collectionId: before.id, ...rest });
    expect(again.collection).toEqual({ ...before, name: "new", ...rest });
    const rows = await api.rig.db.query("select from headway.status_change where entity_id = $1", [before.id]);
    expect(rows).toHaveLength(1);
  });

  test("takes away what is given as null", async () => {
    const before = await create({ name: "full", description: "d", metadata: { a: 1 }, expiresInDays: 3 });
    const none = { description: null, metadata: null, expiresAt: null };
    const { collection } = await run(UPDATE, { collectionId: before.id, ...none });
    expect(collection).toEqual({ ...before, description: null, metadata: {}, expiresAt: null });
  });

  test("may keep its own name, and frees the one before for others", async () => {
    const { id } = await create({ name: "first name" });
    expect((await run(UPDATE, { collectionId: id, name: "first name" })).userErrors).toEqual([]);
    await run(UPDATE, { collectionId: id, name: "second name" });
    expect(await create({ name: "first name" })).toMatchObject({ name: "first name" });
  });

  test("refuses a collection that is due to expire, though the reconciler has not come to it yet", async () => {
    const { id } = await create({ name: "over" });
    await api.rig.db.query("update headway.collection set expires_at = now() - interval '1 second' where id = $1", [
      id,
    ]);
    const { collection, userErrors } = await run(UPDATE, { collectionId: id, expiresAt: "2999-01-01T00:00:00Z" });
    expect(collection).toBeNull();
    expect(userErrors).toMatchObject([{ code: "COLLECTION_EXPIRED", path: ["input", "collectionId"] }]);
  });
});

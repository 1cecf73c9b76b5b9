import type { Client } from "graphql-ws";
import { KeyRing } from "../../src/access/keys.js";
import type { ApiDeps } from "../../src/graphql/context.js";

import { startServer, type RunningServer } from "../../src/server/server.js";
import type { BlobStore } from "../../src/storage/blob-store.js";
import { createRig, type Rig } from "../support/engine.js";
import { followDatabase } from "../support/stream.js";
import { keyBy } from "../support/keys.js";
import { until } from "../support/until.js";
import { collect, connect, logger, post, query } from "./world.js";

const UNKNOWN_ID = "00000000-0000-7000-8000-00000000ffff";

describe("the API as it is served", () => {
  let rig: Rig;
  let followed: Awaited<ReturnType<typeof followDatabase>>;
  let server: RunningServer;
  let client: Client;
  let key: string;
  beforeAll(async () => {
    rig = await createRig([]);
    followed = await followDatabase(rig);
    const { stream } = followed;
    // Nothing here embeds text or reads blobs.
    const unused = { embedder: {} as ApiDeps["embedder"], blobs: {} as BlobStore };
    const api = { deps: rig.deps, stream, keys: new KeyRing(rig.db, rig.deps.onError), ...unused };
    server = await startServer({ host: "127.0.0.1", port: 0, logger, checks: [], measured: null, api });
    key = await keyBy(rig.db);
    client = connect(server, key);
  });
  afterAll(async () => {
    await client.dispose();
    await server.close(0);
    await followed.stop();
    await rig.close();
  });

  test("shows what a mutation made over either transport", async () => {
    const create = 'mutation { createCollection(input: { name: "served" }) { userErrors { code } } }';
    await expect((await post(server, query(create), {}, key)).json()).resolves.toMatchObject({
      data: { createCollection: { userErrors: [] } },
    });
    const read = '{ collectionByName(name: "served") { name status } }';
    expect(await collect(client, read)).toEqual([
      { data: { collectionByName: { name: "served", status: "CREATED" } } },
    ]);
  });

  test("brings changes over a socket, and lets the stream go when the subscriber does", async () => {
    const answer = (await (await post(server, query("{ streamCursor }"), {}, key)).json()) as {
      data: { streamCursor: string };
    };
    const changes = client.iterate({
      query:
        "subscription ($after: String) { statusChanges(after: $after) { ... on StatusChange { entityType toStatus } } }",
      variables: { after: answer.data.streamCursor },
    });
    const first = changes.next();
    await post(
      server,
      query('mutation { createCollection(input: { name: "watched" }) { userErrors { code } } }'),
      {},
      key,
    );
    expect((await first).value).toEqual({ data: { statusChanges: { entityType: "COLLECTION", toStatus: "CREATED" } } });
    await changes.return?.();
    await until("nobody follows the stream", async () => followed.stream.size === 0);
  });

  test.each(["{ job(id: 5.5) { id } }", '{ job(id: "first") { id } }', "query ($id: ID!) { job(id: $id) { id } }"])(
    "gives the same code for %j over both transports",
    async (text) => {
      const codes = (errors: readonly { extensions?: unknown }[]): unknown[] => errors.map((error) => error.extensions);
      const answer = (await (await post(server, query(text), {}, key)).json()) as { errors: { extensions: unknown }[] };
      const overSocket = await collect(client, text).then(
        (results) => codes((results[0] as { errors: { extensions: unknown }[] }).errors),
        codes,
      );
      expect(answer.errors.length).toBeGreaterThan(0);
      expect(overSocket).toEqual(codes(answer.errors));
    },
  );

  test("answers 404 for an artifact that is not there", async () => {
    expect(
      (await fetch(`${server.url}/artifacts/${UNKNOWN_ID}`, { headers: { authorization: `Bearer ${key}` } })).status,
    ).toBe(404);
  });
});

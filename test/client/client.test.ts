import { createHash, randomBytes } from "node:crypto";
import {
  AddDocuments,
  ClientError,
  createClient,
  CreateCollection,
  GetJob,
  ListArtifacts,
  UserErrors,
  type ApiOptions,
  type FollowedEvent,
  type HeadwayClient,
  type Operation,
  type UploadFile,
  type UploadProgress,
} from "../../src/client-node.js";
import { definePipeline } from "../../src/pipelines/pipeline.js";
import { createTestApi, type TestApi } from "../support/api.js";
import { startCuttingProxy } from "../support/cutting-proxy.js";
import { until } from "../support/until.js";

const MIB = 1_048_576;
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const copy = definePipeline({
  name: "copy",
  version: 1,
  documentStages: [
    {
      name: "copy",
      run: async (ctx) => {
        await ctx.artifacts.write(
          `cöpy of ${ctx.document.name}`,
          Buffer.from(await ctx.document.bytes()),
          "text/plain",
        );
        return null;
      },
    },
  ],
});

let api: TestApi;
const clients: HeadwayClient[] = [];
beforeAll(async () => {
  api = await createTestApi([copy]);
  await api.rig.startWorker();
});
afterAll(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await api.close();
});

function client(options: Partial<ApiOptions> = {}): HeadwayClient {
  const made = createClient({ url: api.url, key: api.key, ...options });
  clients.push(made);
  return made;
}

function file(name: string, bytes: Uint8Array<ArrayBuffer>): UploadFile {
  return { name, size: bytes.length, type: "text/plain", slice: (start, end) => bytes.subarray(start, end) };
}

/** A key for a page, made as a server would make it. */
async function browserKey(input: object): Promise<string> {
  const { data } = await api.send(
    "mutation ($input: CreateBrowserKeyInput!) { createBrowserKey(input: $input) { key userErrors { message } } }",
    { input },
  );
  expect(data!.createBrowserKey.userErrors).toEqual([]);
  return data!.createBrowserKey.key;
}

describe("a client of headway-api/client", () => {
  test("with a key for browsers sends files, submits them, follows the job to its end, and downloads what came of it", async () => {
    const collectionId = await api.rig.collection(0);
    const page = client({
      key: await browserKey({ collectionId, permissions: ["READ", "UPLOAD", "SUBMIT"], pipelines: ["copy"] }),
    });
    const bytes = ["one", "two", "three", "", "five"].map((text) => Buffer.from(text));
    const files = bytes.map((piece, index) => file(`${index}.txt`, piece));
    const documents = await page.upload(files, { sha256: async ({ name }) => sha256(bytes[parseInt(name)]!) });
    expect(documents.map(({ name }) => name)).toEqual(files.map(({ name }) => name));
    await page.mutate(AddDocuments, { input: { collectionId, documents: [...documents] } });
    const { jobId } = await page.submit({ collectionId, pipeline: "copy" });

    const events: FollowedEvent[] = [];
    for await (const event of page.follow(jobId)) events.push(event);
    const expected = await api.rig.db.query(
      "select entity_id || ' ' || version as at from headway.status_change where job_id = $1 order by position",
      [jobId],
    );
    expect(events.map((event) => event.__typename === "StatusChange" && `${event.entityId} ${event.version}`)).toEqual(
      expected.map(({ at }: { at: string }) => at),
    );
    const { job } = await page.run(GetJob, { id: jobId });
    expect(job).toMatchObject({ status: "COMPLETED", progress: 1, counts: { total: 5, completed: 5 } });

    const { job: withFiles } = await page.run(ListArtifacts, { jobId });
    const artifact = withFiles!.artifacts.nodes.find(({ name }) => name.endsWith("2.txt"))!;
    for (const address of [artifact.url, artifact.signedUrl.url]) {
      const downloaded = await page.download(address);
      expect([downloaded.name, await downloaded.bytes.text()]).toEqual(["cöpy of 2.txt", "three"]);
    }
    // Of a job that is settled it goes on to its end, and ends.
    const last = events.at(-1)!;
    if (last.__typename !== "StatusChange") throw new Error("The last event is no change.");
    expect(await page.follow(jobId, { after: last.cursor }).next()).toEqual({ done: true, value: undefined });
  });

  test("sends files at once over connections that are cut, each going on where it was, and says how far it is", async () => {
    const proxy = await startCuttingProxy(
      Number(new URL(api.url).port),
      () => 700_000 + Math.floor(Math.random() * MIB),
    );
    const through: ApiOptions["fetch"] = (url, init) =>
      fetch(url.replace(api.url, `http://127.0.0.1:${proxy.port}`), init);
    const bytes = [randomBytes(4 * MIB), randomBytes(3 * MIB), randomBytes(1_000)];
    const told: UploadProgress[] = [];
    const uploads = await client({ fetch: through }).upload(
      bytes.map((piece, index) => file(`${index}`, piece)),
      { onProgress: (progress) => told.push(progress), parallel: 2 },
    );
    expect(proxy.cuts).toBeGreaterThan(3);
    proxy.close();
    const rows = await api.rig.db.query("select id, sha256 from headway.upload where id = any ($1)", [
      uploads.map(({ uploadId }) => uploadId),
    ]);
    const byId = new Map(rows.map(({ id, sha256: hash }: { id: string; sha256: string }) => [id, hash]));
    expect(uploads.map(({ uploadId }) => byId.get(uploadId))).toEqual(bytes.map(sha256));
    const totalBytes = 7 * MIB + 1_000;
    expect(told.at(-1)).toEqual({ sentBytes: totalBytes, totalBytes, sentFiles: 3, totalFiles: 3 });
    expect(told.every(({ sentBytes }, index) => index === 0 || sentBytes >= told[index - 1]!.sentBytes)).toBe(true);
  });

  test("that is told to stop stops: sending, following and downloading", async () => {
    const stop = new AbortController();
    const reason = new Error("enough");
    const sending = client().upload([file("a", randomBytes(9 * MIB))], {
      signal: stop.signal,
      onProgress: () => stop.abort(reason),
    });
    await expect(sending).rejects.toBe(reason);
    const jobId = await api.rig.submit("copy", 1, { runAt: new Date(Date.now() + 3_600_000) });
    const end = new AbortController();
    const events: FollowedEvent[] = [];
    for await (const event of client().follow(jobId, { signal: end.signal })) {
      events.push(event);
      end.abort();
    }
    expect(events).toHaveLength(1);
    await expect(client().download("/artifacts/x", { signal: stop.signal })).rejects.toBe(reason);
  });

  test("submits once, though the answer is lost", async () => {
    const collectionId = await api.rig.collection(1);
    let lost = 0;
    const losing: ApiOptions["fetch"] = async (url, init) => {
      const answer = await fetch(url, init);
      if (lost === 2) return answer;
      lost += 1;
      throw new TypeError("fetch failed");
    };
    const { jobId, deduplicated } = await client({ fetch: losing }).submit({ collectionId, pipeline: "copy" });
    expect([lost, deduplicated]).toEqual([2, true]);
    const jobs = await api.rig.db.query("select id from headway.job where collection_id = $1", [collectionId]);
    expect(jobs).toEqual([{ id: jobId }]);
  });

  test("goes on with a download where it broke off", async () => {
    const content = randomBytes(500_000);
    const collectionId = await api.rig.collection(0);
    const me = client();
    const [document] = await me.upload([file("large", content)]);
    await me.mutate(AddDocuments, { input: { collectionId, documents: [document!] } });
    const { jobId } = await me.submit({ collectionId, pipeline: "copy" });
    await api.rig.settled(jobId);
    const ranges: unknown[] = [];
    const breaking: ApiOptions["fetch"] = async (url, init) => {
      const answer = await fetch(url, init);
      if (!url.includes("/artifacts/")) return answer;
      ranges.push((init.headers as Record<string, string>).range);
      if (ranges.length > 2) return answer;
      let left = 100_000;
      const cut = new TransformStream<Uint8Array, Uint8Array>({
        transform(piece, controller) {
          controller.enqueue(piece.subarray(0, left));
          left -= piece.length;
          if (left < 0) controller.error(new TypeError("terminated"));
        },
      });
      return new Response(answer.body!.pipeThrough(cut), answer);
    };
    const { job } = await me.run(ListArtifacts, { jobId });
    const { bytes } = await client({ fetch: breaking }).download(job!.artifacts.nodes[0]!.url);
    expect(Buffer.from(await bytes.arrayBuffer()).equals(content)).toBe(true);
    expect(ranges).toEqual([undefined, "bytes=100000-", "bytes=200000-"]);
  });

  test("throws errors that tell what to do: all that is wrong with an input, what is refused, and that nobody is there", async () => {
    const me = client();
    const wrong = await me
      .mutate(CreateCollection, { input: { name: " ", expiresInDays: 0 } })
      .catch((error: unknown) => error);
    expect(wrong).toBeInstanceOf(UserErrors);
    expect((wrong as UserErrors).userErrors.map(({ path }) => path)).toEqual([
      ["input", "name"],
      ["input", "expiresInDays"],
    ]);
    expect(wrong).toMatchObject({ code: "INVALID_INPUT" });
    const refused = client({ key: "hw_wrong" });
    await expect(refused.run(GetJob, { id: "x" })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    await expect(me.run(GetJob, { id: "x" })).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
    await expect(refused.follow("00000000-0000-7000-8000-00000000ffff").next()).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    });
    await expect(me.follow("00000000-0000-7000-8000-00000000ffff").next()).rejects.toMatchObject({ code: "NOT_FOUND" });
    // A socket refuses with a list of errors.
    const unknown = me.subscribe("subscription { nothing }" as never, {}).next();
    await expect(unknown).rejects.toBeInstanceOf(ClientError);
    await expect(unknown).rejects.toMatchObject({ code: "GRAPHQL_VALIDATION_FAILED" });
    await expect(me.download("/artifacts/00000000-0000-7000-8000-00000000ffff")).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    await expect(client({ url: "http://127.0.0.1:1" }).run(GetJob, { id: "x" })).rejects.toMatchObject({
      code: "UNREACHABLE",
    });
    const closed = client();
    await closed.close();
    await expect(closed.run(GetJob, { id: "x" })).rejects.toMatchObject({ code: "CLOSED" });
    await expect(me.upload([file("too large", { length: 1e9 } as never)])).rejects.toMatchObject({
      code: "TOO_LARGE",
      userErrors: [{ path: ["input", "files", "0", "sizeBytes"] }],
    });
  });

  test("says of a server that it cannot reach what is wrong: a certificate, or perhaps the origin of the page", async () => {
    const failing = (error: Error): Partial<ApiOptions> => ({ fetch: () => Promise.reject(error) });
    const cause = Object.assign(new Error("self-signed certificate"), { code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
    const untrusted = client(failing(new TypeError("fetch failed", { cause })));
    await expect(untrusted.run(GetJob, { id: "x" })).rejects.toMatchObject({
      code: "UNREACHABLE",
      message: `The certificate of ${api.url} is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT).`,
    });
    const inPage = client(failing(new TypeError("Failed to fetch")));
    const page = globalThis as { location?: unknown };
    page.location = { origin: "https://app.example.com" };
    const elsewhere = await inPage.run(GetJob, { id: "x" }).catch((error: unknown) => error);
    page.location = { origin: api.url };
    const ownServer = await inPage.run(GetJob, { id: "x" }).catch((error: unknown) => error);
    delete page.location;
    const none = `No Headway server answers at ${api.url} (Failed to fetch).`;
    expect((ownServer as ClientError).message).toBe(none);
    expect((elsewhere as ClientError).message).toBe(
      `${none} If one does, HEADWAY_ALLOWED_ORIGINS must have https://app.example.com in it.`,
    );
  });

  test("ends a subscription by its signal, while it waits, between two events, and where no server answers", async () => {
    const operation = "subscription { statusChanges { __typename } }" as never;
    for (const one of [client(), client({ url: "http://127.0.0.1:1", reconnects: 1_000 })]) {
      const waiting = new AbortController();
      const next = one.subscribe(operation, {}, { signal: waiting.signal }).next();
      waiting.abort(new Error("enough"));
      await expect(next).rejects.toThrow("enough");
    }
    const { streamCursor: after } = await client().run(
      "{ streamCursor }" as Operation<{ streamCursor: string }, object>,
      {},
    );
    await api.rig.submit("copy", 1, { runAt: new Date(Date.now() + 3_600_000) });
    const between = new AbortController();
    const events = client().subscribe(
      "subscription ($after: String) { statusChanges(after: $after) { __typename } }" as never,
      { after },
      { signal: between.signal },
    );
    expect(await events.next()).toMatchObject({ done: false });
    between.abort(new Error("enough"));
    await expect(events.next()).rejects.toThrow("enough");
    expect(() => client().subscribe(operation, {}, { signal: between.signal })).toThrow("enough");
  });

  test("leaves no subscription behind when the loop over a job is left", async () => {
    const jobId = await api.rig.submit("copy", 1, { runAt: new Date(Date.now() + 3_600_000) });
    const { value } = await client().follow(jobId).next();
    expect(value).toMatchObject({ __typename: "StatusChange" });
    const events = client().follow(jobId);
    const live = (async () => {
      for await (const event of events)
        if (event.__typename === "StatusChange" && event.toStatus === "CANCELLED") break;
    })();
    await until("it follows", () => api.stream.size > 0);
    await api.client.mutate(
      "mutation ($id: ID!) { cancelJob(input: { jobId: $id }) { userErrors { code message } } }",
      {
        id: jobId,
      },
    );
    await live;
    await until("nobody is left following", () => api.stream.size === 0);
  });
});

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { Webhook } from "standardwebhooks";
import { webhookChannel } from "../../../src/database/channels.js";
import { listen } from "../../../src/database/listener.js";
import { post } from "../../../src/engine/webhooks/send.js";
import { BACKOFF_MS, WebhookSender } from "../../../src/engine/webhooks/sender.js";
import { PermanentError } from "../../../src/index.js";
import { definePipeline } from "../../../src/pipelines/pipeline.js";
import { createTestApi, type TestApi } from "../../support/api.js";
import { answering, startReceiver, type Receiver } from "../../support/receiver.js";
import { until } from "../../support/until.js";

const told = definePipeline({
  name: "told",
  version: 1,
  documentStages: [
    {
      name: "read",
      run: async (ctx) => {
        if (ctx.document.name.startsWith("bad")) throw new PermanentError("BAD", "It is bad.");
        return null;
      },
    },
  ],
});

let api: TestApi;
let receiver: Receiver;
let sender: WebhookSender | null = null;
beforeAll(async () => {
  api = await createTestApi([told]);
  await api.rig.startWorker();
});
afterAll(() => api.close());
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(async () => {
  await sender?.stop();
  sender = null;
  await receiver.close();
  await api.rig.db.query("update headway.webhook set deleted_at = now() - interval '1 hour', enabled = false");
});

function startSender(timeoutMs = 10_000): void {
  sender = new WebhookSender({
    db: api.rig.db,
    send: { hosts: ["127.0.0.1"], timeoutMs },
    onError: api.rig.deps.onError,
    pollMs: 20,
  });
  sender.start();
}

async function ask(query: string, variables: Record<string, unknown> = {}): Promise<Record<string, any>> {
  const { data, errors } = await api.send(query, variables);
  expect(errors).toEqual([]);
  return data!;
}
const CREATE = `mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) {
  secret webhook { id enabled url events } userErrors { code message path } } }`;
async function webhook(more: object = {}): Promise<{ id: string; secret: string }> {
  const input = { url: receiver.url, events: ["JOB_SETTLED"], ...more };
  const { createWebhook } = await ask(CREATE, { input });
  expect(createWebhook.userErrors).toEqual([]);
  return { id: createWebhook.webhook.id, secret: createWebhook.secret };
}
const LOG = `query ($id: ID!) { node(id: $id) { ... on Webhook { enabled disabledReason deliveries { nodes {
  id event deliveredAt nextAttemptAt payload job { id } attempts { statusCode error durationMs } } } } } }`;
const logOf = async (id: string): Promise<any> => (await ask(LOG, { id })).node;
const deliveries = async (id: string): Promise<any[]> => (await logOf(id)).deliveries.nodes;
async function job(names: readonly string[] = ["a"], more: object = {}): Promise<string> {
  const collectionId = await api.rig.collection(names.map((name) => ({ name, text: name })));
  const id = await api.rig.submit("told", 0, { collectionId, ...more });
  await api.rig.settled(id);
  return id;
}
const dueNow = (): Promise<unknown> =>
  api.rig.db.query("update headway.webhook_delivery set next_attempt_at = now() where next_attempt_at is not null");
const attempted = (id: string, times: number): Promise<void> =>
  until(`it was tried ${times} times`, async () => (await deliveries(id))[0]?.attempts.length === times);
const delivered = (id: string, count: number): Promise<void> =>
  until(`${count} are delivered`, async () => {
    return (await deliveries(id)).filter(({ deliveredAt }) => deliveredAt !== null).length === count;
  });

describe("a webhook", () => {
  test("is told of a job's start and end, signed as Standard Webhooks has it, from rows that were there when it settled", async () => {
    const { id, secret } = await webhook({ events: ["JOB_STARTED", "JOB_SETTLED"], pipelines: ["told"], tags: ["x"] });
    const others = [await webhook({ pipelines: ["other"] }), await webhook({ tags: ["x", "y"] })];
    const jobId = await job(["a", "bad"], { tags: ["x", "z"] });
    expect((await deliveries(id)).map(({ event, deliveredAt }) => [event, deliveredAt])).toEqual([
      ["JOB_SETTLED", null],
      ["JOB_STARTED", null],
    ]);
    startSender();
    await delivered(id, 2);
    expect(receiver.received).toHaveLength(2);
    const types = receiver.received.map(({ body, headers }) => {
      const verified = new Webhook(secret).verify(body, headers) as Record<string, any>;
      expect(headers["webhook-id"]).toMatch(/^[0-9a-f-]{36}$/);
      return verified;
    });
    const settled = types.find(({ type }) => type === "job.settled")!;
    const [{ version }] = await api.rig.db.query("select version from headway.job where id = $1", [jobId]);
    expect(settled).toMatchObject({
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
      data: {
        entityType: "JOB",
        entityId: jobId,
        version,
        status: "COMPLETED_WITH_ERRORS",
        pipeline: "told",
        tags: ["x", "z"],
        counts: { total: 2, completed: 1, failed: 1 },
      },
    });
    expect(types.map(({ type }) => type as string).toSorted()).toEqual(["job.settled", "job.started"]);
    const [log] = await deliveries(id);
    expect(log).toMatchObject({ job: { id: jobId }, nextAttemptAt: null, payload: settled });
    expect(log.attempts).toEqual([{ statusCode: 204, error: null, durationMs: expect.any(Number) }]);
    for (const other of others) expect(await deliveries(other.id)).toEqual([]);
    const { webhooks } = await ask("{ webhooks { nodes { id url enabled } } }");
    expect(JSON.stringify(webhooks)).not.toContain(secret.slice(6));
  });

  test("is told of a job's end at once: the commit that settles it wakes the sender, which need not poll", async () => {
    const { db, url } = api.rig;
    sender = new WebhookSender({
      db,
      send: { hosts: ["127.0.0.1"] },
      onError: api.rig.deps.onError,
      pollMs: 3_600_000,
    });
    const wakes = new Map([[webhookChannel(db), () => sender!.wake()]]);
    const listener = await listen({ url, route: "direct" }, wakes, (error) => api.rig.deps.onError(error, "listening"));
    sender.start();
    await webhook();
    for (let told = 1; told <= 3; told += 1) {
      await job();
      await until("it is told", () => receiver.received.length === told);
    }
    await listener.close();
  });

  test("is told of failed tasks in one batch, and of a collection that is gone", async () => {
    const { id } = await webhook({ events: ["TASKS_FAILED", "COLLECTION_EXPIRED"] });
    const jobId = await job(["bad1", "good", "bad2"]);
    expect(await deliveries(id)).toEqual([]);
    const [batch] = await api.rig.db.query(
      "select b.due_at > j.finished_at as later from headway.failed_batch b join headway.job j on j.id = b.job_id where j.id = $1",
      [jobId],
    );
    expect(batch).toEqual({ later: true });
    await api.rig.db.query("update headway.failed_batch set due_at = now()");
    const [{ collection_id: collectionId }] = await api.rig.db.query(
      "select collection_id from headway.job where id = $1",
      [jobId],
    );
    await ask("mutation ($id: ID!) { deleteCollection(input: { collectionId: $id }) { userErrors { code } } }", {
      id: collectionId,
    });
    startSender();
    await delivered(id, 2);
    const bodies = receiver.received.map(({ body }) => JSON.parse(body));
    const failed = bodies.find(({ type }) => type === "tasks.failed");
    expect(failed.data).toMatchObject({ entityId: jobId, failed: 2 });
    expect(failed.data.tasks.map(({ code, stage }: any) => [code, stage])).toEqual([
      ["BAD", "read"],
      ["BAD", "read"],
    ]);
    expect(bodies.find(({ type }) => type === "collection.expired").data).toMatchObject({
      entityType: "COLLECTION",
      entityId: collectionId,
      status: "EXPIRED",
    });
  });

  test("that answers 500 is tried again later, and holds up nothing else meanwhile", async () => {
    const { id } = await webhook();
    receiver.answer = answering(500);
    await job();
    startSender();
    await attempted(id, 1);
    const [first] = await deliveries(id);
    expect(first).toMatchObject({
      deliveredAt: null,
      attempts: [{ statusCode: 500, error: "It answered 500." }],
    });
    const waitMs = Date.parse(first.nextAttemptAt) - Date.now();
    expect(waitMs).toBeLessThanOrEqual(BACKOFF_MS[0] * 1.1);
    await api.rig.db.query("update headway.webhook_delivery set next_attempt_at = now() + interval '1 hour'");
    receiver.answer = answering(200);
    await job();
    await delivered(id, 1);
    await dueNow();
    await delivered(id, 2);
    expect(new Set(receiver.received.map(({ headers }) => headers["webhook-id"])).size).toBe(2);
  });

  test("is given up after a day of tries", async () => {
    const hours = BACKOFF_MS.reduce((sum: number, ms) => sum + ms, 0) / 3_600_000;
    expect(hours).toBeGreaterThan(23);
    expect(hours).toBeLessThan(26);
    const { id } = await webhook();
    receiver.answer = answering(503);
    await job();
    await api.rig.db.query("update headway.webhook_delivery set tries = $2 where webhook_id = $1", [
      id,
      BACKOFF_MS.length,
    ]);
    startSender();
    await attempted(id, 1);
    expect((await deliveries(id))[0]).toMatchObject({ deliveredAt: null, nextAttemptAt: null });
  });

  test("that leads elsewhere is not followed, above all not inward", async () => {
    const inner = await startReceiver();
    const { id } = await webhook();
    receiver.answer = answering(302, { location: inner.url });
    await job();
    startSender();
    await attempted(id, 1);
    expect((await deliveries(id))[0].attempts[0].error).toBe("It answered 302, and redirects are not followed.");
    expect(inner.received).toEqual([]);
    await inner.close();
  });

  test("that hangs is given up in time, is asked by two at a time, and keeps no other host waiting", async () => {
    const other = await startReceiver();
    const [slow, quick] = [await webhook(), await webhook({ url: other.url })];
    receiver.answer = () => undefined;
    for (let n = 0; n < 4; n += 1) await job();
    startSender(300);
    await delivered(quick.id, 4);
    await until("all were tried", async () => (await deliveries(slow.id)).every(({ attempts }) => attempts.length > 0));
    const errors = (await deliveries(slow.id)).map(({ attempts }) => attempts[0]);
    expect(errors).toEqual(
      Array.from({ length: 4 }, () => ({
        statusCode: null,
        error: "It did not answer within 300 ms.",
        durationMs: expect.any(Number),
      })),
    );
    expect(receiver.mostAtOnce).toBe(2);
    await other.close();
  });

  test("may answer as much as it likes: little is read, and nothing is kept", async () => {
    const { id } = await webhook();
    let written = 0;
    receiver.answer = (response) => {
      response.writeHead(200);
      const more = (): void => {
        while (written < 50_000_000 && !response.destroyed && response.write(Buffer.alloc(65_536, "x")))
          written += 65_536;
        if (!response.destroyed) response.once("drain", more);
      };
      more();
    };
    await job();
    startSender();
    await delivered(id, 1);
    expect(written).toBeLessThan(50_000_000);
  });

  test("is disabled with a reason after three days in which nothing came through, and needs a person; enabled it goes on", async () => {
    const { id } = await webhook();
    receiver.answer = answering(500);
    await job();
    await api.rig.db.query("update headway.webhook set failing_since = now() - interval '73 hours' where id = $1", [
      id,
    ]);
    startSender();
    await until("it is disabled", async () => !(await logOf(id)).enabled);
    expect((await logOf(id)).disabledReason).toMatch(
      /^Nothing has come through since .*; the last attempt failed: It answered 500/,
    );
    await api.rig.db.query("select headway.look_for_attention(0, 0, null)");
    const { attention } = await ask("{ attention { items { kind subject { id } } } }");
    expect(attention.items).toContainEqual({ kind: "WEBHOOK_DISABLED", subject: { id } });
    await job();
    expect(await deliveries(id)).toHaveLength(1);
    receiver.answer = answering(204);
    await dueNow();
    const { updateWebhook } = await ask(
      "mutation ($id: ID!) { updateWebhook(input: { webhookId: $id, enabled: true }) { webhook { enabled disabledReason } userErrors { code } } }",
      { id },
    );
    expect(updateWebhook).toEqual({ webhook: { enabled: true, disabledReason: null }, userErrors: [] });
    await delivered(id, 1);
    await api.rig.db.query("select headway.look_for_attention(0, 0, null)");
    const { attention: after } = await ask("{ attention { items { kind } } }");
    expect(after.items).not.toContainEqual({ kind: "WEBHOOK_DISABLED" });
  });

  test("that says it is gone is disabled at once", async () => {
    const { id } = await webhook();
    receiver.answer = answering(410);
    await job();
    startSender();
    await until("it is disabled", async () => !(await logOf(id)).enabled);
    expect((await logOf(id)).disabledReason).toBe("It answered 410 Gone.");
  });

  test("has two good secrets for a day after a rotation, and then the new one", async () => {
    const { id, secret: before } = await webhook();
    const { rotateWebhookSecret } = await ask(
      "mutation ($id: ID!) { rotateWebhookSecret(input: { webhookId: $id }) { secret userErrors { code } } }",
      { id },
    );
    const after = rotateWebhookSecret.secret as string;
    await job();
    startSender();
    await delivered(id, 1);
    const isGood = (secret: string): boolean => {
      const { body, headers } = receiver.received.at(-1)!;
      try {
        return Boolean(new Webhook(secret).verify(body, headers));
      } catch {
        return false;
      }
    };
    expect([isGood(before), isGood(after)]).toEqual([true, true]);
    await api.rig.db.query("update headway.webhook set previous_until = now() where id = $1", [id]);
    await job();
    await delivered(id, 2);
    expect([isGood(before), isGood(after)]).toEqual([false, true]);
  });

  test("is told once more on request, under the same id, as long as what was said is kept", async () => {
    const { id } = await webhook();
    await job();
    startSender();
    await delivered(id, 1);
    const [{ id: deliveryId }] = await deliveries(id);
    const AGAIN = `mutation ($id: ID!) { redeliverWebhook(input: { deliveryId: $id }) { delivery { id } userErrors { code message } } }`;
    expect((await ask(AGAIN, { id: deliveryId })).redeliverWebhook).toEqual({
      delivery: { id: deliveryId },
      userErrors: [],
    });
    await attempted(id, 2);
    expect(receiver.received.map(({ headers }) => headers["webhook-id"])).toEqual([deliveryId, deliveryId]);
    await api.rig.db.query("update headway.webhook_delivery set created_at = now() - interval '8 days' where id = $1", [
      deliveryId,
    ]);
    await api.rig.db.query("select headway.prune_deliveries(100)");
    expect((await deliveries(id))[0].payload).toBeNull();
    expect((await ask(AGAIN, { id: deliveryId })).redeliverWebhook).toMatchObject({
      delivery: null,
      userErrors: [{ code: "INVALID_INPUT", message: expect.stringContaining("no longer stored") }],
    });
  });

  test("that is deleted is not there, and what it leaves goes bit by bit", async () => {
    const { id } = await webhook();
    await job();
    const { deleteWebhook } = await ask(
      "mutation ($id: ID!) { deleteWebhook(input: { webhookId: $id }) { deletedId userErrors { code } } }",
      { id },
    );
    expect(deleteWebhook).toEqual({ deletedId: id, userErrors: [] });
    expect((await ask(LOG, { id })).node).toBeNull();
    startSender();
    await until("its rows are gone", async () => {
      await api.rig.db.query("select headway.prune_deliveries(100)");
      return (
        (await api.rig.db.query("select 1 from headway.webhook_delivery where webhook_id = $1", [id])).length === 0
      );
    });
    expect(receiver.received).toEqual([]);
  });
});

describe("the address of a webhook", () => {
  test.each([
    ["x", "is not a URL"],
    ["http://hooks.example/a", "does not use https"],
    ["https://10.1.2.3/a", "HEADWAY_WEBHOOK_HOSTS"],
    ["https://[::1]/a", "HEADWAY_WEBHOOK_HOSTS"],
    ["https://2130706433/", "not"],
    ["https://localhost/a", "HEADWAY_WEBHOOK_HOSTS"],
    ["https://user:secret@hooks.example/a", "credentials"],
    ["https://hooks.example:22/a", "port 22"],
  ])("%s is refused", async (url, message) => {
    const { createWebhook } = await ask(CREATE, { input: { url, events: [] } });
    if (url === "https://2130706433/") {
      // 127.0.0.1 in decimal, and by https: named in the setting of this rig.
      expect(createWebhook.userErrors).toMatchObject([{ path: ["input", "events"] }]);
      return;
    }
    expect(createWebhook).toMatchObject({
      webhook: null,
      secret: null,
      userErrors: [
        { code: "URI_REFUSED", path: ["input", "url"], message: expect.stringContaining(message) },
        { code: "INVALID_INPUT", path: ["input", "events"] },
      ],
    });
  });

  test("is looked at anew at every connection: a name that leads inward by now is not connected to", async () => {
    const url = new URL(receiver.url);
    const at = `http://hooks.example:${url.port}/`;
    const resolve = async (): Promise<{ address: string; family: number }[]> => [{ address: "127.0.0.1", family: 4 }];
    const refused = await post(
      at.replace("http:", "https:").replace(`:${url.port}`, ""),
      "{}",
      {},
      { hosts: [], resolve },
    );
    expect(refused).toEqual({
      status: null,
      error: "hooks.example resolves to 127.0.0.1; add private hosts to HEADWAY_WEBHOOK_HOSTS",
      retryAfterMs: null,
    });
    expect(receiver.received).toEqual([]);
    // The same name, where whoever runs this has named it.
    expect(await post(at, "{}", {}, { hosts: [`hooks.example:${url.port}`], resolve })).toMatchObject({
      status: 204,
      error: null,
    });
    expect(receiver.received).toHaveLength(1);
  });
});

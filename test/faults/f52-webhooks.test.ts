import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { ApiClient } from "../../src/cli/client.js";
import { startReceiver, type Receiver } from "../support/receiver.js";
import { until } from "../support/until.js";
import { createFaultRig, diesAt, ROLES, type FaultRig } from "./rig.js";

const HOSTS = { HEADWAY_WEBHOOK_HOSTS: "127.0.0.1" };

let rig: FaultRig;
let api: ApiClient;
let receiver: Receiver;
beforeAll(async () => {
  rig = await createFaultRig();
  receiver = await startReceiver();
  api = rig.client(await rig.start({ HEADWAY_ROLES: "api,worker", HEADWAY_WORKER_PROCESSES: "0" }, HOSTS));
  const { webhook } = await api.mutate<{ webhook: { id: string }; userErrors: [] }>(
    "mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) { webhook { id } userErrors { code message } } }",
    { input: { url: receiver.url, events: ["JOB_SETTLED"] } },
  );
  expect(webhook.id).toBeDefined();
});
afterAll(async () => {
  await rig.close();
  await receiver.close();
});

async function openDeliveries(): Promise<number> {
  const { rows } = await rig.db.query("select 1 from headway.webhook_delivery where delivered_at is null");
  return rows.length;
}

describe("F52: whoever sends to a webhook is killed", () => {
  test.each([
    ["webhook.after_claim", 0, 1],
    ["webhook.after_send", 1, 2],
    ["webhook.after_record", 1, 1],
  ])("at %s: another one sends what was not recorded, under its id", async (failpoint, before, after) => {
    const seen = receiver.received.length;
    const jobId = await rig.submit(api, 1);
    await rig.settled([jobId]);
    expect(await openDeliveries()).toBe(1);
    await diesAt(rig, failpoint, ROLES.reconciler, HOSTS);
    expect(receiver.received.length - seen).toBe(before);
    // As if the claim of the dead one had passed.
    await rig.db.query("update headway.webhook_delivery set claimed_until = now() where claim_id is not null");
    const heir = await rig.start(ROLES.reconciler, HOSTS);
    await until("it is delivered", async () => (await openDeliveries()) === 0);
    await heir.kill();
    const ids = receiver.received.slice(seen).map(({ headers }) => headers["webhook-id"]);
    expect(ids).toHaveLength(after);
    expect(new Set(ids).size).toBe(1);
    await rig.account({ fault: "F52", what: `kill -9 of the sender at ${failpoint}`, times: 1 });
  });
});

import { v7 as uuidv7 } from "uuid";
import { z } from "zod";
import { UserFault } from "../../errors.js";
import type { WebhookEvent } from "../../lifecycle/webhook-events.js";
import type { Actor, EngineDeps } from "../engine.js";
import { Faults, idOf, parse, text } from "../input.js";
import { hostOf, webhookUrl } from "./hosts.js";
import { makeSecret } from "./signing.js";

type Deps = Pick<EngineDeps, "db" | "webhookHosts">;

/** Which webhook, and what of it is to change; what is absent stays. */
interface Wanted {
  readonly url?: string | null;
  readonly events?: readonly WebhookEvent[] | null;
  /** Null for all. */
  readonly pipelines?: readonly string[] | null;
  readonly tags?: readonly string[] | null;
}

const MAX_WEBHOOKS = 100;
const Names = z.array(text(500)).max(100, "may have at most 100 entries");

/** Makes a webhook. Returns its id and its secret, which can't be read again. @throws {UserFault} URI_REFUSED, INVALID_INPUT, LIMIT_EXCEEDED */
export async function createWebhook(
  { db, webhookHosts }: Deps,
  actor: Actor,
  input: Wanted & { readonly url: string; readonly events: readonly WebhookEvent[] },
): Promise<{ readonly id: string; readonly secret: string }> {
  const faults = new Faults();
  const checked = check(input, webhookHosts, faults);
  faults.assertNone();
  const secret = makeSecret();
  const id = uuidv7();
  const made: unknown[] = await db.query(
    `insert into headway.webhook (id, project_id, url, host, events, pipelines, tags, secret, created_by)
     select $1::uuid, $2::uuid, $3::text, $4::text, $5::text[], $6::text[], $7::text[], $8::bytea, $9::text
     where (select count(*) from headway.webhook where project_id = $2 and deleted_at is null) < ${MAX_WEBHOOKS}
     returning id`,
    [
      id,
      actor.projectId,
      checked.url!.href,
      hostOf(checked.url!),
      checked.events,
      checked.pipelines,
      checked.tags,
      secret.bytes,
      actor.name,
    ],
  );
  if (made.length === 0) {
    throw new UserFault("LIMIT_EXCEEDED", `A project has at most ${MAX_WEBHOOKS} webhooks; delete one first.`);
  }
  return { id, secret: secret.text };
}

/**
 * Changes what is given. One that is enabled again goes on with what is still to be sent; what happened meanwhile it is not
 * told of. @throws {UserFault} NOT_FOUND, URI_REFUSED, INVALID_INPUT
 */
export async function updateWebhook(
  { db, webhookHosts }: Deps,
  actor: Actor,
  input: Wanted & { readonly webhookId: string; readonly enabled?: boolean | null },
): Promise<string> {
  const faults = new Faults();
  const id = faults.note(() => idOf(input.webhookId, ["webhookId"]));
  const { url, events, pipelines, tags } = check(input, webhookHosts, faults);
  faults.assertNone();
  const rows: unknown[] = await db.query(
    `with changed as (
       update headway.webhook set url = coalesce($3, url), host = coalesce($4, host), events = coalesce($5, events),
         pipelines = case when $6 then $7 else pipelines end, tags = case when $8 then $9 else tags end,
         enabled = coalesce($10, enabled),
         disabled_reason = case when $10 then null when not $10 and enabled then 'Disabled by ' || $11::text || '.' else disabled_reason end,
         given_up_at = case when $10 is null then given_up_at end,
         failing_since = case when $10 or $3 is not null then null else failing_since end
       where id = $1 and project_id = $2 and deleted_at is null returning id)
     select id from changed`,
    [
      id,
      actor.projectId,
      url?.href ?? null,
      url ? hostOf(url) : null,
      events,
      input.pipelines !== undefined,
      pipelines,
      input.tags !== undefined,
      tags,
      input.enabled ?? null,
      actor.name,
    ],
  );
  if (rows.length === 0) throw unknownWebhook(id!);
  return id!;
}

/** Gives it a new secret; the one before signs for another day, too. @throws {UserFault} NOT_FOUND */
export async function rotateSecret(
  { db }: Deps,
  actor: Actor,
  webhookId: string,
): Promise<{ id: string; secret: string }> {
  const id = idOf(webhookId, ["webhookId"]);
  const secret = makeSecret();
  const rows: unknown[] = await db.query(
    `with changed as (
       update headway.webhook set previous_secret = secret, previous_until = clock_timestamp() + interval '1 day', secret = $3
       where id = $1 and project_id = $2 and deleted_at is null returning id)
     select id from changed`,
    [id, actor.projectId, secret.bytes],
  );
  if (rows.length === 0) throw unknownWebhook(id);
  return { id, secret: secret.text };
}

/** Nothing more is sent to it; its log goes with it. @throws {UserFault} NOT_FOUND */
export async function deleteWebhook({ db }: Deps, actor: Actor, webhookId: string): Promise<string> {
  const id = idOf(webhookId, ["webhookId"]);
  const rows: unknown[] = await db.query(
    `with changed as (
       update headway.webhook set deleted_at = clock_timestamp(), enabled = false, previous_secret = null
       where id = $1 and project_id = $2 and deleted_at is null returning id)
     select id from changed`,
    [id, actor.projectId],
  );
  if (rows.length === 0) throw unknownWebhook(id);
  return id;
}

/**
 * Sends a delivery once more, under its own id, and again with the whole backoff.
 * @throws {UserFault} NOT_FOUND, INVALID_INPUT where its webhook is disabled or its payload is no longer kept
 */
export async function redeliver({ db }: Deps, actor: Actor, deliveryId: string): Promise<string> {
  const id = idOf(deliveryId, ["deliveryId"]);
  const [found]: { kept: boolean; enabled: boolean }[] = await db.query(
    `with known as (
       select d.id, d.payload is not null as kept, w.enabled from headway.webhook_delivery d
       join headway.webhook w on w.id = d.webhook_id
       where d.id = $1 and d.project_id = $2 and w.deleted_at is null
     ), again as (
       update headway.webhook_delivery d set next_attempt_at = clock_timestamp(), delivered_at = null, tries = 0,
         -- What is being sent just now counts for nothing any more.
         claim_id = null, claimed_until = null
       from known k where d.id = k.id and k.kept and k.enabled and d.payload is not null
     )
     select kept, enabled from known`,
    [id, actor.projectId],
  );
  if (!found) throw new UserFault("NOT_FOUND", `There is no delivery ${id}.`, ["deliveryId"]);
  if (!found.enabled) {
    throw new UserFault("INVALID_INPUT", `The webhook of delivery ${id} is disabled; enable it first.`, ["deliveryId"]);
  }
  if (!found.kept) {
    const message = `The body of delivery ${id} is no longer stored; read the job instead.`;
    throw new UserFault("INVALID_INPUT", message, ["deliveryId"]);
  }
  return id;
}

function check(input: Wanted, hosts: readonly string[], faults: Faults) {
  const { url, events, pipelines, tags } = input;
  const checked = {
    url: typeof url === "string" ? faults.note(() => webhookUrl(url, hosts, ["url"])) : undefined,
    events: events ? [...new Set(events)] : null,
    pipelines: pipelines ? faults.note(() => parse(Names, pipelines, ["pipelines"])) : null,
    tags: tags ? faults.note(() => parse(Names, tags, ["tags"])) : null,
  };
  if (checked.events?.length === 0) {
    faults.add(new UserFault("INVALID_INPUT", "events is empty; give at least one event.", ["events"]));
  }
  return checked;
}

function unknownWebhook(id: string): UserFault {
  return new UserFault("NOT_FOUND", `There is no webhook ${id}.`, ["webhookId"]);
}

import type { DataSource } from "typeorm";
import { UserFault } from "../../errors.js";
import { ATTENTION_KINDS, type AttentionKind } from "../../model/attention-kinds.js";
import type { ActorType } from "../../lifecycle/status.js";
import type { Actor, EngineDeps } from "../engine.js";
import { Faults, idOf } from "../input.js";
import { toStorableMessage } from "../storable.js";

/** One state that needs a person, with what was said of it. */
export interface FoundItem {
  readonly id: string;
  readonly kind: AttentionKind;
  readonly message: string;
  readonly since: Date;
  readonly subjectId: string | null;
  readonly pipeline: string | null;
  readonly acknowledgedBy: { readonly type: ActorType; readonly name: string } | null;
  readonly acknowledgedWord: string | null;
  readonly acknowledgedAt: Date | null;
}

const MAX_ITEMS = 100;

/** What needs a person of a project, and of the installation, as the reconciler last found it. */
export async function readAttention(
  db: Pick<DataSource, "query">,
  projectId: string,
): Promise<{ readonly checkedAt: Date; readonly items: readonly FoundItem[]; readonly truncated: boolean }> {
  const looks: { checkedAt: Date }[] = await db.query(`select looked_at as "checkedAt" from headway.attention_look`);
  const found = await readItems(db, projectId, null);
  return {
    checkedAt: looks[0]!.checkedAt,
    items: found.slice(0, MAX_ITEMS),
    truncated: found.length > MAX_ITEMS,
  };
}

/**
 * Keeps that somebody knows of a state, and what they say to it. It ends with the state; a failed job is told of no more.
 * Saying it again replaces what was said.
 * @throws {UserFault} NOT_FOUND where the state has ended, INVALID_INPUT
 */
export async function acknowledge(
  { db }: Pick<EngineDeps, "db">,
  actor: Actor,
  input: { readonly itemId: string; readonly word: string },
): Promise<FoundItem> {
  const faults = new Faults();
  const id = faults.note(() => idOf(input.itemId, ["itemId"]));
  const word = toStorableMessage(input.word.trim());
  if (word === "") {
    const message = "word is blank; say what is known, for the next person who looks at the item.";
    faults.add(new UserFault("INVALID_INPUT", message, ["word"]));
  }
  faults.assertNone();
  const [found] = await readItems(db, actor.projectId, id!);
  const kept: unknown[] = found ? await db.query(KEEP, [id, actor.projectId, word, actor.type, actor.name]) : [];
  if (!found || kept.length === 0) {
    throw new UserFault("NOT_FOUND", `There is no attention item ${id}; it may have ended.`, ["itemId"]);
  }
  const { acknowledgedAt } = kept[0] as { acknowledgedAt: Date };
  return { ...found, acknowledgedBy: { type: actor.type, name: actor.name }, acknowledgedWord: word, acknowledgedAt };
}

/** The states of one project that stand, or the one with this id. A failed job that has been retried since is none. */
function readItems(db: Pick<DataSource, "query">, projectId: string, id: string | null): Promise<FoundItem[]> {
  return db.query(
    `select i.id, i.kind, i.message, i.since, i.subject_id as "subjectId",
       case when i.kind in ('PIPELINE_PAUSED', 'NO_WORKER') then i.subject
         else (select j.pipeline from headway.job j where j.id = i.subject_id) end as pipeline,
       case when a.item_id is not null then jsonb_build_object('type', a.actor_type, 'name', a.actor) end as "acknowledgedBy",
       a.word as "acknowledgedWord", a.at as "acknowledgedAt"
     from (
       select * from headway.attention_item where project_id = $1
       union all
       select * from headway.attention_item where project_id is null) i
     left join headway.acknowledgement a on a.project_id = $1 and a.item_id = i.id
     where ($2::uuid is null or i.id = $2) and (i.kind <> 'FAILED_JOB' or (a.item_id is null and ${STILL_FAILED}))
     order by a.item_id is not null, array_position($3::text[], i.kind), i.since desc, i.id limit ${MAX_ITEMS + 1}`,
    [projectId, id, [...ATTENTION_KINDS]],
  );
}

const STILL_FAILED = `exists (
  select from headway.job j where j.id = i.subject_id and j.version::text = i.state)`;

/** One statement: either all of it is there, or nothing. */
const KEEP = `
  with item as (
    select i.* from headway.attention_item i
    where i.id = $1 and coalesce(i.project_id = $2, true) and (i.kind <> 'FAILED_JOB' or ${STILL_FAILED})
  ), known as (
    update headway.job j set acknowledged_version = j.version from item i
    where i.kind = 'FAILED_JOB' and j.id = i.subject_id and j.version::text = i.state
  )
  insert into headway.acknowledgement as a (item_id, project_id, kind, subject, word, actor_type, actor)
  select id, $2, kind, subject, $3, $4, $5 from item
  on conflict (project_id, item_id) do update set word = excluded.word, actor_type = excluded.actor_type,
    actor = excluded.actor, at = excluded.at
  returning at as "acknowledgedAt"`;

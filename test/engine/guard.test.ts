import { CHANGE_REASONS } from "../../src/lifecycle/reasons.js";
import { LEVELS, STATUSES, type Level, type Status } from "../../src/lifecycle/status.js";
import { TRANSITIONS, isAllowed } from "../../src/lifecycle/transitions.js";
import { definePipeline } from "../../src/pipelines/pipeline.js";
import { createRig, type Rig } from "../support/engine.js";
import { makeRoomInReady } from "../support/forced-status.js";

const both = definePipeline({
  name: "both",
  version: 1,
  documentStages: [{ name: "read", run: async () => null }],
  collectionStages: [{ name: "sum", run: async () => null }],
});

let rig: Rig;
const subject: Partial<Record<Level, string>> = {};
beforeAll(async () => {
  rig = await createRig([both]);
  const jobId = await rig.submit("both", 1);
  const [row]: { collection: string; document: string; task: string }[] = await rig.db.query(
    `select j.collection_id as collection, d.id as document, c.id as task from headway.job j
     join headway.task d on d.job_id = j.id and d.kind = 'DOCUMENT' join headway.task c on c.job_id = j.id and c.kind = 'COLLECTION'
     where j.id = $1`,
    [jobId],
  );
  Object.assign(subject, {
    COLLECTION: row!.collection,
    JOB: jobId,
    DOCUMENT_TASK: row!.document,
    COLLECTION_TASK: row!.task,
  });
});
afterAll(() => rig.close());

const TABLE: Record<Level, string> = {
  COLLECTION: "headway.collection",
  JOB: "headway.job",
  DOCUMENT_TASK: "headway.task",
  COLLECTION_TASK: "headway.task",
};

describe("the transition table", () => {
  test("in the database is the one in TypeScript, reason by reason", async () => {
    const rows: { line: string }[] = await rig.db.query(
      "select concat_ws(' ', level, coalesce(from_status, '-'), to_status, reason) as line from headway.transition order by 1",
    );
    const expected = TRANSITIONS.flatMap(({ level, from, to, reasons }) =>
      reasons.map((reason) => `${level} ${from ?? "-"} ${to} ${reason}`),
    );
    expect(rows.map(({ line }) => line).sort()).toEqual(expected.sort());
  });

  test.each(LEVELS)("%s: raw SQL may make every listed change, and no other pair or reason", async (level) => {
    const accepted = await attemptAll(level, subject[level]!);
    const expected: string[] = [];
    for (const from of STATUSES)
      for (const to of STATUSES)
        for (const reason of CHANGE_REASONS) {
          if (isWord(level, from) && isWord(level, to) && isAllowed(level, from, to, reason))
            expected.push(`${from} ${to} ${reason}`);
        }
    expect(accepted.sort()).toEqual(expected.sort());
  });

  test.each(LEVELS)("%s: raw SQL may make every listed birth, and no other status or reason", async (level) => {
    const accepted = await attempt(level, [null], await birth(level));
    const expected = STATUSES.flatMap((to) =>
      CHANGE_REASONS.filter((reason) => isAllowed(level, null, to, reason)).map((reason) => `- ${to} ${reason}`),
    );
    expect(accepted.sort()).toEqual(expected.sort());
  });

  test.each(LEVELS)("%s: a word of another level is refused by the column itself", async (level) => {
    const foreign = STATUSES.filter(
      (status) => !isWord(level, status) && !(level.endsWith("TASK") && status === "WAITING"),
    );
    for (const status of foreign) {
      await expect(
        rig.db.query(
          `update ${TABLE[level]} set status = $1, version = version + 1, change_id = gen_random_uuid() where id = $2`,
          [status, subject[level]],
        ),
      ).rejects.toThrow(/violates check constraint|not in the transition table/);
    }
  });
});

describe("the guard", () => {
  test("refuses a status without the next version, and says what to do", async () => {
    await expect(
      rig.db.query("update headway.task set status = 'RUNNING' where id = $1", [subject.DOCUMENT_TASK]),
    ).rejects.toThrow("version must become 2, not 1");
  });

  test("refuses a change id that is not new", async () => {
    await expect(
      rig.db.query(
        "update headway.task set status = 'CANCELLED', version = version + 1, change_reason = 'CANCELLED_BY_REQUEST' where id = $1",
        [subject.DOCUMENT_TASK],
      ),
    ).rejects.toThrow("is not new");
  });

  test("refuses a fence that falls, and a claim that does not raise it", async () => {
    const set = "version = version + 1, change_id = gen_random_uuid()";
    await expect(
      rig.db.query(`update headway.task set ${set}, status = 'RUNNING', change_reason = 'CLAIMED' where id = $1`, [
        subject.DOCUMENT_TASK,
      ]),
    ).rejects.toThrow("fence may not go from 0 to 0");
    await expect(
      rig.db.query(
        `update headway.task set ${set}, status = 'CANCELLED', change_reason = 'CANCELLED_BY_REQUEST', fence = -1 where id = $1`,
        [subject.DOCUMENT_TASK],
      ),
    ).rejects.toThrow("fence may not go from 0 to -1");
  });

  test("refuses lease and progress of a task that does not run", async () => {
    await expect(
      rig.db.query("update headway.task set progress = 0.5 where id = $1", [subject.DOCUMENT_TASK]),
    ).rejects.toThrow("only while RUNNING");
  });

  test("refuses counters written by hand", async () => {
    await expect(rig.db.query("update headway.job set completed = 1 where id = $1", [subject.JOB])).rejects.toThrow(
      "not written by hand",
    );
  });

  test.each(["collection", "job", "task"])("refuses to delete or truncate a %s", async (table) => {
    await expect(rig.db.query(`delete from headway.${table}`)).rejects.toThrow("is refused");
    await expect(rig.db.query(`truncate headway.${table} cascade`)).rejects.toThrow("refused");
  });

  test("keeps the history append-only: no insert, update, delete or truncate", async () => {
    await expect(rig.db.query("update headway.status_change set message = 'x'")).rejects.toThrow("append-only");
    await expect(rig.db.query("delete from headway.status_change")).rejects.toThrow("append-only");
    await expect(rig.db.query("truncate headway.status_change")).rejects.toThrow("append-only");
    await expect(
      rig.db.query(
        `insert into headway.status_change (project_id, entity_type, entity_id, collection_id, version, to_status, actor_type, actor, reason, change_id, at)
         select project_id, 'JOB', id, collection_id, 9, 'COMPLETED', 'USER', 'me', 'COMPLETED', gen_random_uuid(), now() from headway.job`,
      ),
    ).rejects.toThrow("written by the database alone");
  });

  test("leaves nothing of a refused statement behind: one bad row among 200 good ones undoes all", async () => {
    const jobId = await rig.submit("both", 201);
    const before: unknown = await rig.db.query("select * from headway.status_change order by position");
    await expect(
      rig.db.query(
        `update headway.task set status = case when ordinal = 117 then 'COMPLETED' else 'CANCELLED' end, version = version + 1,
           change_id = gen_random_uuid(), change_reason = 'CANCELLED_BY_REQUEST', finished_at = now()
         where job_id = $1 and kind = 'DOCUMENT'`,
        [jobId],
      ),
    ).rejects.toThrow("QUEUED -> COMPLETED with reason CANCELLED_BY_REQUEST is not in the transition table");
    expect(await rig.db.query("select * from headway.status_change order by position")).toEqual(before);
    expect(await rig.violations()).toEqual([]);
  });
});

function isWord(level: Level, status: Status): boolean {
  return TRANSITIONS.some((t) => t.level === level && (t.from === status || t.to === status));
}

/** Tries every (from, to, reason) of the level; returns what the guard let through. */
async function attemptAll(level: Level, id: string): Promise<string[]> {
  const table = TABLE[level];
  const change = `
    alter table ${table} disable trigger user;
    update ${table} set status = v_from where id = '${id}';
    alter table ${table} enable trigger user;
    update ${table} set status = v_to, version = version + 1, change_id = gen_random_uuid(), change_reason = v_reason
      ${level.endsWith("TASK") ? ", fence = fence + (v_from = 'QUEUED' and v_to = 'RUNNING')::int, stage = case when v_reason = 'STAGE_STARTED' then 'next' else stage end" : ""}
    where id = '${id}';`;
  return attempt(
    level,
    STATUSES.filter((status) => isWord(level, status)),
    change,
  );
}

/** A row like the subject, born with v_to for v_reason. */
async function birth(level: Level): Promise<string> {
  const table = TABLE[level];
  // What the table works out by itself can't be given.
  const [{ columns }] = await rig.db.query(
    `select string_agg(quote_ident(attname), ', ' order by attnum) as columns from pg_attribute
     where attrelid = '${table}'::regclass and attnum > 0 and not attisdropped and attgenerated = ''`,
  );
  const own = { COLLECTION: "name", JOB: "", DOCUMENT_TASK: "ordinal", COLLECTION_TASK: "ordinal" }[level];
  return `
    insert into ${table} (${columns})
    select ${columns} from (select (jsonb_populate_record(null::${table}, to_jsonb(r) || jsonb_build_object('id', gen_random_uuid(), 'version', 1,
      'status', v_to, 'change_reason', v_reason, 'change_id', gen_random_uuid()
      ${own ? `, '${own}', ${own === "name" ? "gen_random_uuid()::text" : "-1"}` : ""}))).*
    from ${table} r where id = '${subject[level]}') made;`;
}

/** Runs the change for every combination, each in a savepoint of one transaction that is rolled back in the end. */
async function attempt(level: Level, froms: readonly (Status | null)[], change: string): Promise<string[]> {
  const runner = rig.db.createQueryRunner();
  const list = (words: readonly (string | null)[]): string =>
    words.map((word) => (word === null ? "null" : `'${word}'`)).join(",");
  try {
    await runner.startTransaction();
    await runner.query("set local statement_timeout = 0");
    await runner.query("create temp table accepted (line text) on commit drop");
    // The forced status has no share in the counts by stage, nor in what is ready; room below keeps their own check out of the way.
    await runner.query("update headway.stage_count set queued = 9, running = 9, completed = 9, failed = 9");
    await makeRoomInReady(runner);
    if (level !== "COLLECTION")
      await runner.query("drop index headway.job_one_open; drop index headway.task_one_collection_task");
    await runner.query(`
      do $$
      declare v_from text; v_to text; v_reason text;
      begin
        foreach v_from in array array[${list(froms)}]::text[] loop
          foreach v_to in array array[${list(STATUSES.filter((status) => isWord(level, status)))}] loop
            foreach v_reason in array array[${list(CHANGE_REASONS)}] loop
              begin
                ${change}
                raise exception using errcode = 'HWOK1', message = 'accepted';
              exception
                when sqlstate 'HWOK1' then insert into accepted values (concat_ws(' ', coalesce(v_from, '-'), v_to, v_reason));
                when raise_exception then null;
              end;
            end loop;
          end loop;
        end loop;
      end $$`);
    const rows: { line: string }[] = await runner.query("select line from accepted");
    return rows.map(({ line }) => line);
  } finally {
    await runner.rollbackTransaction();
    await runner.release();
  }
}

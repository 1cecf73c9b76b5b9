import { recordForecasts } from "../engine/operations/forecasts.js";
import type { DutyDeps } from "./duty.js";

const STEP = 10_000;
/** So long a sweep counts at most; what is left goes on in the next, so that counting takes little of the database. */
const MS_A_TICK = 300;
/** Forecasts tell tenths of a job's work apart, and take a look at each open job. */
const FORECAST_EVERY_MS = 10_000;
const PRUNE_EVERY_MS = 600_000;
const PRUNE_STEP = 5_000;

/**
 * The duty of counting the history into statistics, of noting what was said of the end of jobs, and of removing what is older
 * than it is kept. Nothing where statistics are kept for 0 days.
 */
export function createStatistics(): (deps: Pick<DutyDeps, "db" | "settings">) => Promise<number> {
  let forecastAt = -Infinity;
  let prunedAt = -Infinity;
  return async ({ db, settings: { statisticsDays } }) => {
    if (statisticsDays === 0) return 0;
    await db.query(
      `insert into headway.statistic_cursor (project_id)
       select p.id from headway.project p
       where not exists (select from headway.statistic_cursor c where c.project_id = p.id) on conflict do nothing`,
    );
    const counted = await countAll(db);
    if (performance.now() - forecastAt > FORECAST_EVERY_MS) {
      await recordForecasts(db);
      forecastAt = performance.now();
    }
    if (performance.now() - prunedAt > PRUNE_EVERY_MS && (await prune(db, statisticsDays)) < PRUNE_STEP) {
      prunedAt = performance.now();
    }
    return counted;
  };
}

async function countAll(db: DutyDeps["db"]): Promise<number> {
  const until = performance.now() + MS_A_TICK;
  const projects: { id: string }[] = await db.query(
    `select project_id as id from headway.statistic_cursor order by as_of nulls first`,
  );
  let counted = 0;
  for (const { id } of projects) {
    for (let step = STEP; step === STEP && performance.now() < until;) {
      const rows: { counted: number }[] = await db.query("select headway.count_history($1, $2) as counted", [id, STEP]);
      step = rows[0]!.counted;
      counted += step;
    }
  }
  return counted;
}

async function prune(db: DutyDeps["db"], days: number): Promise<number> {
  const rows: { pruned: number }[] = await db.query(
    `with old as (
       select o.ctid from headway.project p cross join (values (1), (15)) m(minutes) cross join lateral (
         select s.ctid from headway.statistic s
         where s.project_id = p.id and s.minutes = m.minutes and s.at < clock_timestamp() - make_interval(days => $1)
         order by s.at limit ${PRUNE_STEP}) o limit ${PRUNE_STEP}
     ), gone as (delete from headway.statistic where ctid = any (array(select ctid from old)) returning 1)
     select count(*)::int as pruned from gone`,
    [days],
  );
  return rows[0]!.pruned;
}

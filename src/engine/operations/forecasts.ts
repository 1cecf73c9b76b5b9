import type { DataSource } from "typeorm";
import { inTransaction } from "../../database/transaction.js";
import { forecastOf, fractionOf } from "../../lifecycle/estimate.js";
import { countOf, halvedAbove, withValue, type Histogram } from "../../lifecycle/histogram.js";
import { readJobFacts, type JobFacts } from "../read/job-work.js";

const JOBS_A_LOOK = 500;
const ENDED_A_STEP = 1_000;
/** What a pipeline was like long ago weighs less. */
const MAX_ERRORS = 400;

interface Mark {
  readonly job: string;
  readonly run: number;
  readonly tenth: number;
  readonly at: number;
  readonly fraction: number;
  readonly remaining: number | null;
}

/**
 * Notes what is said of the end of open jobs as they pass each tenth of their work, those of a random part where there are
 * many; and by how much that was wrong of runs that have ended meanwhile.
 */
export async function recordForecasts(db: DataSource): Promise<void> {
  await learnFromEnded(db);
  const open: { id: string }[] = await db.query(
    `select j.id from headway.job j
     where j.status = 'PROCESSING' and j.operation is null and j.started_at is not null and not exists (
       select from headway.pipeline_pause p where p.project_id = j.project_id and p.pipeline = j.pipeline)
     order by random() limit ${JOBS_A_LOOK}`,
  );
  if (open.length === 0) return;
  const facts = await readJobFacts(
    db,
    open.map(({ id }) => id),
  );
  const marks = facts.flatMap(markOf);
  if (marks.length === 0) return;
  await db.query(
    `insert into headway.job_forecast (job_id, run, tenth, at, fraction, remaining_ms)
     select m.job, m.run, m.tenth, to_timestamp(m.at / 1000), m.fraction, m.remaining
     from jsonb_to_recordset($1::jsonb) as m(job uuid, run int, tenth int, at float8, fraction float8, remaining float8)
     join headway.job j on j.id = m.job and j.run = m.run and j.finished_at is null
     on conflict do nothing`,
    [JSON.stringify(marks)],
  );
}

function markOf({ id, run, work, now, isSettled, lacksBase }: JobFacts): Mark[] {
  if (isSettled || work === null) return [];
  const own = { job: id, run };
  if (lacksBase) return [{ ...own, tenth: -1, at: now, fraction: fractionOf(work), remaining: null }];
  const forecast = forecastOf(work);
  if (forecast === null) return [];
  const { tenth, fraction, remainingMs: remaining } = forecast;
  return [{ ...own, tenth, at: tenth === 0 ? work.startedAt : now, fraction, remaining }];
}

interface Ended {
  readonly project: string;
  readonly pipeline: string;
  readonly tenth: number;
  readonly ratio: number;
}

/**
 * One transaction: what is learned is forgotten as a forecast, and the other way round. Three statements, however many
 * pipelines there are: as long as it is open the streams of projects hand out nothing younger.
 */
async function learnFromEnded(db: DataSource): Promise<void> {
  await inTransaction(db, async (tx) => {
    const ended: Ended[] = await tx.query(
      `with over as materialized (
         select f.job_id, f.run, f.tenth from headway.job_forecast f join headway.job j on j.id = f.job_id
         where j.finished_at is not null or j.run <> f.run limit ${ENDED_A_STEP} for update of f skip locked
       ), gone as (
         delete from headway.job_forecast f using over o
         where f.job_id = o.job_id and f.run = o.run and f.tenth = o.tenth returning f.*
       )
       select j.project_id as project, j.pipeline, g.tenth,
         (extract(epoch from j.finished_at - g.at) * 1000 / g.remaining_ms)::float8 as ratio
       from gone g join headway.job j on j.id = g.job_id and j.run = g.run
       where j.status in ('COMPLETED', 'COMPLETED_WITH_ERRORS', 'FAILED') and g.remaining_ms > 0 and j.finished_at > g.at`,
    );
    if (ended.length === 0) return;
    const known: Errors[] = await tx.query(
      `insert into headway.forecast_error as e (project_id, pipeline, tenth, ratios)
       select ${ERRORS_GIVEN} order by 1, 2, 3 -- In one order, so that two that learn at once wait for each other and no more.
       on conflict (project_id, pipeline, tenth) do update set ratios = headway.add_histograms(e.ratios, excluded.ratios)
       returning project_id as project, pipeline, tenth, ratios`,
      [JSON.stringify(errorsIn(ended))],
    );
    const full = known.filter(({ ratios }) => countOf(ratios) > MAX_ERRORS);
    if (full.length === 0) return;
    const halved = full.map((one) => ({ ...one, ratios: halvedAbove(one.ratios, MAX_ERRORS) }));
    await tx.query(
      `update headway.forecast_error e set ratios = g.ratios from (select ${ERRORS_GIVEN}) g
       where (e.project_id, e.pipeline, e.tenth) = (g.project, g.pipeline, g.tenth)`,
      [JSON.stringify(halved)],
    );
  });
}

/** How wrong forecasts of a pipeline were, at a tenth of the work. */
interface Errors {
  readonly project: string;
  readonly pipeline: string;
  readonly tenth: number;
  readonly ratios: Histogram;
}

/** The parameter $1, as rows of `Errors`. */
const ERRORS_GIVEN = `g.project, g.pipeline, g.tenth, g.ratios
  from jsonb_to_recordset($1::jsonb) as g(project uuid, pipeline text, tenth int, ratios jsonb)`;

function errorsIn(ended: readonly Ended[]): Errors[] {
  const byKey = new Map<string, Errors>();
  for (const { ratio, ...own } of ended) {
    const key = `${own.project} ${own.tenth} ${own.pipeline}`;
    byKey.set(key, { ...own, ratios: withValue(byKey.get(key)?.ratios ?? {}, ratio) });
  }
  return [...byKey.values()];
}

import type { DataSource } from "typeorm";

export interface TransitionCount {
  readonly entity: string;
  readonly from: string;
  readonly to: string;
  readonly reason: string;
  readonly count: number;
}

/** Counts committed transitions, each exactly once, whichever process wrote it: from the history, by transaction. */
export class TransitionCounter {
  readonly #db: DataSource;
  /** Changes of transactions before this one have been counted. */
  #from: string | null = null;

  constructor(db: DataSource) {
    this.#db = db;
  }

  /** What was committed since the call before; nothing at the first. One call at a time. */
  async next(): Promise<TransitionCount[]> {
    // No transaction below the snapshot's xmin can commit any more, so what lies there is counted once and whole.
    const [{ until }] = (await this.#db.query("select pg_snapshot_xmin(pg_current_snapshot())::text as until")) as [
      { until: string },
    ];
    const from = this.#from;
    const rows: TransitionCount[] =
      from === null
        ? []
        : await this.#db.query(
            `select entity_type as entity, coalesce(from_status, '') as "from", to_status as "to", reason, count(*)::int as count
             from headway.project p join headway.status_change s on s.project_id = p.id
             where s.tx >= $1::xid8 and s.tx < $2::xid8
             group by 1, 2, 3, 4`,
            [from, until],
          );
    this.#from = until;
    return rows;
  }
}

export interface MetricsSnapshot {
  /** How long streams of whole projects are held back by transactions that are still open; 0 when they are up to date. */
  readonly streamLagSeconds: number;
  readonly openTasks: readonly { pipeline: string; stage: string; status: string; count: number }[];
  /** Of the oldest due task that nobody has taken, by pipeline; paused ones too. */
  readonly queueAgeSeconds: readonly { pipeline: string; seconds: number }[];
  /** How old the two before are; null when no reconciler has counted yet. */
  readonly measuredSecondsAgo: number | null;
  readonly workers: readonly { status: string; count: number }[];
}

/**
 * How the installation stands, all projects together, for /metrics. Open work is as of the last count, so what this reads
 * does not grow with it.
 */
export async function readMetricsSnapshot(db: DataSource): Promise<MetricsSnapshot> {
  const rows: { measurements: MetricsSnapshot }[] = await db.query(
    `select jsonb_build_object(
       'streamLagSeconds', (select coalesce(extract(epoch from clock_timestamp() - min(s.at)), 0)
         from headway.project p cross join lateral (
           select at from headway.status_change where project_id = p.id and tx >= pg_snapshot_xmin(pg_current_snapshot())
           order by tx, position limit 1) s),
       'openTasks', m.open_tasks,
       'queueAgeSeconds', (select coalesce(jsonb_agg(jsonb_build_object('pipeline', d.pipeline,
         'seconds', extract(epoch from clock_timestamp() - d.since))), '[]')
         from jsonb_to_recordset(m.oldest_due) as d(pipeline text, since timestamptz)),
       'measuredSecondsAgo', case when m.measured_at > '-infinity'
         then extract(epoch from clock_timestamp() - m.measured_at) end,
       'workers', (select coalesce(jsonb_agg(to_jsonb(w)), '[]')
         from (select status, count(*) as count from headway.worker_now where stopped_at is null group by 1) w)
     ) as measurements from headway.measurement m`,
  );
  return rows[0]!.measurements;
}

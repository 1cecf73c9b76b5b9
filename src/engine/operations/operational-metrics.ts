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
  readonly workers: readonly { status: string; count: number }[];
}

/** How the installation stands now, all projects together, for /metrics. */
export async function readMetricsSnapshot(db: DataSource): Promise<MetricsSnapshot> {
  const rows: { measurements: MetricsSnapshot }[] = await db.query(
    `with open as materialized (
       select pipeline, coalesce(stage, '') as stage, status, count(*) as count,
         min(run_at) filter (where status = 'QUEUED' and run_at <= clock_timestamp()) as oldest
       from headway.task where status in ('QUEUED', 'RUNNING') group by 1, 2, 3
     )
     select jsonb_build_object(
       'streamLagSeconds', (select coalesce(extract(epoch from clock_timestamp() - min(s.at)), 0)
         from headway.project p join headway.status_change s on s.project_id = p.id where s.tx >= pg_snapshot_xmin(pg_current_snapshot())),
       'openTasks', (select coalesce(jsonb_agg(jsonb_build_object('pipeline', pipeline, 'stage', stage, 'status', status,
         'count', count)), '[]') from open),
       'queueAgeSeconds', (select coalesce(jsonb_agg(jsonb_build_object('pipeline', pipeline,
         'seconds', extract(epoch from clock_timestamp() - oldest))), '[]')
         from (select pipeline, min(oldest) as oldest from open where oldest is not null group by pipeline) q),
       'workers', (select coalesce(jsonb_agg(to_jsonb(w)), '[]')
         from (select status, count(*) as count from headway.worker_now where stopped_at is null group by 1) w)
     ) as measurements`,
  );
  return rows[0]!.measurements;
}

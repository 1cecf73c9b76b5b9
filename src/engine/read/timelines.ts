import type { TimelinePlace } from "../../lifecycle/timeline.js";

/** A place of the timeline of one of several jobs. */
export interface PlaceOfJob extends TimelinePlace {
  readonly jobId: string;
  /** How far the history of its project has been counted. */
  readonly asOf: Date;
}

type Read = <Row extends object>(sql: string, parameters: readonly unknown[]) => Promise<Row[]>;

/** The timelines of these jobs as the reconciler has counted them, each in the order of time: at most 400 rows of a job. */
export function timelinesOf(read: Read, projectId: string, jobIds: readonly string[]): Promise<PlaceOfJob[]> {
  return read<PlaceOfJob>(
    `select t.job_id as "jobId", t.at, t.width_ms::float8 as "widthMs", t.stages, t.completed, t.failed, c.as_of as "asOf"
     from headway.job_timeline t join headway.job j on j.id = t.job_id
     join headway.statistic_cursor c on c.project_id = j.project_id
     where t.job_id = any ($1) and j.project_id = $2 order by t.job_id, t.at`,
    [jobIds, projectId],
  );
}

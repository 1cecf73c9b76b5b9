import type { DataSource } from "typeorm";

/**
 * Whether what a task has just fetched from its document's source was completed before, under the same pipeline,
 * version, stages and options, and its results still stand. Never so in a job that was submitted in full.
 */
export async function isUnchanged(
  db: DataSource,
  { jobId, documentId, sha256 }: { readonly jobId: string; readonly documentId: string; readonly sha256: string },
): Promise<boolean> {
  const rows: { kept: string | null }[] = await db.query(
    `select headway.kept_task($2, $3, pipeline, pipeline_version, document_stages, options) as kept
     from headway.job where id = $1 and mode = 'INCREMENTAL'`,
    [jobId, documentId, sha256],
  );
  return typeof rows[0]?.kept === "string";
}

import { Readable } from "node:stream";
import { isOperator, type Principal } from "../access/principal.js";
import { serveFiles, type FileDeps, type StoredFile } from "./files.js";

interface OutputRow {
  readonly json: string;
  readonly size_bytes: number;
  readonly sha256: string;
}

/** Serves GET /outputs/:id/:part: what a stage of a task returned, as JSON. For operators; keys made for browsers find none. */
export function serveOutput(deps: FileDeps): ReturnType<typeof serveFiles> {
  return serveFiles(deps, {
    what: "output of a task's stage",
    folder: "outputs",
    find: (principal, id, part) => find(deps, principal, { id, stage: part }),
  });
}

async function find(
  { db }: FileDeps,
  principal: Principal,
  { id, stage }: { readonly id: string; readonly stage: string },
): Promise<StoredFile | null> {
  if (!isOperator(principal)) return null;
  // At most 1 MB.
  const rows: OutputRow[] = await db.query(
    `select x.json, octet_length(x.json) as size_bytes, encode(sha256(convert_to(x.json, 'UTF8')), 'hex') as sha256
     from headway.stage_output o cross join lateral (select coalesce(o.output::text, 'null') as json offset 0) x
     where o.task_id = $1 and o.stage = $2 and o.project_id = $3`,
    [id, stage, principal.projectId],
  );
  const [row] = rows;
  if (!row) return null;
  return {
    name: `${stage}.json`,
    mediaType: "application/json",
    sizeBytes: row.size_bytes,
    sha256: row.sha256,
    open: async (range) => {
      const bytes = Buffer.from(row.json);
      return Readable.from([range ? bytes.subarray(range.start, range.end + 1) : bytes], { objectMode: false });
    },
  };
}

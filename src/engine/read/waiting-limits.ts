import { limitsOf, type NamedLimit } from "../../pipelines/limit-groups.js";
import type { EngineDeps } from "../engine.js";

/** A queued task's place. */
interface Place {
  readonly pipeline: string;
  readonly stage: string | null;
}

/** A limit that keeps tasks waiting. */
export interface ClosedLimit {
  readonly code: "RATE_LIMITED" | "AT_CONCURRENCY_LIMIT";
  readonly message: string;
  /** When a rate allows more; of a concurrency nobody knows. */
  readonly until: Date | null;
}

type Asked = NamedLimit & { readonly pipeline: string };
type Room = Asked & { readonly room: number; readonly byRate: number | null; readonly opensAt: Date | null };

/**
 * The limits that are reached where these tasks wait, by `pipeline stage`. Asks the database only where this process's
 * pipelines have limits.
 */
export async function closedLimits(
  { db, registry }: EngineDeps,
  places: readonly Place[],
): Promise<ReadonlyMap<string, ClosedLimit>> {
  const distinct = new Map(places.map(({ pipeline, stage }) => [placeOf(pipeline, stage), { pipeline, stage }]));
  const limits = [...distinct].flatMap(([place, { pipeline: name, stage }]) => {
    const pipeline = registry.get(name);
    if (!pipeline || stage === null) return [];
    return limitsOf(pipeline, stage).map((limit): Asked & { readonly place: string } => ({
      ...limit,
      place,
      pipeline: name,
    }));
  });
  if (limits.length === 0) return new Map();
  const rows: (Room & { readonly place: string })[] = await db.query(
    `select l.limits->>'place' as place, l.limits->>'pipeline' as pipeline, l.limits->>'stage' as stage,
       (l.limits->>'concurrency')::int as concurrency, (l.limits->>'limit')::int as "limit",
       (l.limits->>'perMs')::int as "perMs", r.room, r.by_rate as "byRate", r.opens_at as "opensAt"
     from jsonb_array_elements($1) l(limits)
     cross join lateral headway.limit_room(l.limits->>'pipeline', l.limits->>'stage', l.limits) r
     where r.room <= 0
     -- What nobody knows the end of is told first.
     order by coalesce(r.by_rate = 0, false), r.opens_at desc`,
    [JSON.stringify(limits)],
  );
  return new Map(rows.toReversed().map((row) => [row.place, told(row)]));
}

export function placeOf(pipeline: string, stage: string | null): string {
  return `${pipeline} ${stage}`;
}

function told({ pipeline, stage, concurrency, limit, perMs, byRate, opensAt }: Room): ClosedLimit {
  const what = stage === "" ? `Pipeline "${pipeline}"` : `Stage "${stage}"`;
  if (byRate === 0 && opensAt !== null) {
    return {
      code: "RATE_LIMITED",
      message: `${what} starts at most ${limit} times in ${perMs} ms over all workers; the next start is possible at ${opensAt.toISOString()}.`,
      until: opensAt,
    };
  }
  const most = concurrency === 1 ? "one task" : `${concurrency} tasks`;
  return {
    code: "AT_CONCURRENCY_LIMIT",
    message: `${what} runs at most ${most} at once over all workers; the next starts when one of them ends.`,
    until: null,
  };
}

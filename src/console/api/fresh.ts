import { makeOperation, type Exchange, type Operation, type OperationResult } from "urql";
import { filter, pipe, tap } from "wonka";

/** How far an entity had come when it was read: its version, and of a job how much of it was done for good. */
interface Mark {
  readonly version: number;
  readonly done: number;
}
interface Entity {
  readonly id: string;
  readonly version: number;
  readonly run?: number;
  readonly counts?: {
    readonly completed: number;
    readonly skipped: number;
  };
}

/** So often an answer that is older than what is shown is asked for again; then it is taken. */
const MAX_AGAIN = 5;
/** What answers late has so long to catch up before it is asked again. */
const PAUSE_MS = 250;

/**
 * Keeps numbers from jumping back. What is asked over HTTP and what the socket tells may overtake each other, so an answer
 * that holds something older than was seen before is not shown but asked for again.
 */
export function freshExchange(): Exchange {
  const seen = new Map<string, Mark>();
  const again = new Map<number, number>();
  return ({ client, forward }) =>
    (operations) =>
      pipe(
        forward(operations),
        filter((result) => {
          const { operation } = result;
          const entities = entitiesIn(result.data);
          const isOld = entities.some((entity) => isBefore(markOf(entity), seen.get(entity.id)));
          const tries = again.get(operation.key) ?? 0;
          if (!isOld || operation.kind === "mutation") {
            again.delete(operation.key);
            return true;
          }
          if (operation.kind !== "query") return false;
          if (tries >= MAX_AGAIN) {
            // So it is how things are, as after a restore: what comes next is compared with it.
            again.delete(operation.key);
            for (const entity of entities) seen.set(entity.id, markOf(entity));
            return true;
          }
          again.set(operation.key, tries + 1);
          // Nothing is asked for what nobody waits for any more.
          setTimeout(() => client.reexecuteOperation(anew(operation)), PAUSE_MS);
          return false;
        }),
        tap((result: OperationResult) => {
          for (const entity of entitiesIn(result.data)) {
            const mark = markOf(entity);
            if (!isBefore(mark, seen.get(entity.id))) seen.set(entity.id, mark);
          }
        }),
      );
}

function anew(operation: Operation): Operation {
  return makeOperation(operation.kind, operation, { ...operation.context, requestPolicy: "network-only" });
}

function markOf({ version, counts }: Entity): Mark {
  return { version, done: counts ? counts.completed + counts.skipped : 0 };
}

/**
 * Within one version what is completed or skipped only grows, while a failed or cancelled task may be retried alone. An
 * answer that does not count them says nothing of that.
 */
function isBefore(mark: Mark, seen: Mark | undefined): boolean {
  if (seen === undefined) return false;
  if (mark.version !== seen.version) return mark.version < seen.version;
  return mark.done > 0 && mark.done < seen.done;
}

/** Everything in an answer that has an id and a version; changes of the history have both as well, and are none. */
function entitiesIn(data: unknown, found: Entity[] = []): Entity[] {
  if (Array.isArray(data)) for (const one of data) entitiesIn(one, found);
  else if (typeof data === "object" && data !== null) {
    const { id, version, entityId } = data as Record<string, unknown>;
    if (typeof id === "string" && typeof version === "number" && entityId === undefined) found.push(data as Entity);
    for (const value of Object.values(data)) if (typeof value === "object") entitiesIn(value, found);
  }
  return found;
}

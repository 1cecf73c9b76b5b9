import { useEffect, useEffectEvent, useRef, useState } from "react";
import { ChangesDocument, type ChangesSubscription, type EntityType } from "../generated/operations.js";
import { useApi } from "./api.js";

/** One change of the history, as the stream tells it. */
export type Change = Extract<ChangesSubscription["statusChanges"], { __typename: "StatusChange" }>;

/** What is followed, and since when. */
export interface Followed {
  /** The cursor that was read with what is shown; nothing is followed before it is there. */
  readonly after: string | undefined;
  readonly entityTypes: readonly EntityType[];
  /** At most one of the three is given; without any, everything is followed. */
  readonly jobId?: string;
  readonly taskId?: string;
  readonly collectionId?: string;
  readonly isPaused?: boolean;
  /** Changes in their order, those of at most 200 ms together. */
  readonly onChanges: (changes: readonly Change[]) => void;
  /** The stream has a gap: what is shown is to be read anew. */
  readonly onGap: () => void;
}

const GATHER_MS = 200;
/** What the server has ended with an error is followed anew after so long. */
const AGAIN_MS = 2_000;

/**
 * Follows the changes behind a cursor. It remembers the cursor of the last change: whenever the socket comes back, or
 * the pause is over, it goes on exactly there, so no change is missed and none comes twice.
 */
export function useChanges(followed: Followed): void {
  const { after, entityTypes, jobId, taskId, collectionId, isPaused = false, onChanges, onGap } = followed;
  const { connection } = useApi();
  const within = JSON.stringify({ jobId, taskId, collectionId });
  const types = entityTypes.join();
  const last = useRef<string | undefined>(undefined);
  const scope = useRef("");
  const [attempt, setAttempt] = useState(0);
  const isReady = after !== undefined;
  const tell = useEffectEvent(onChanges);
  const gap = useEffectEvent(onGap);
  const begin = useEffectEvent(() => {
    if (scope.current === `${within} ${types}` && last.current !== undefined) return last.current;
    scope.current = `${within} ${types}`;
    return (last.current = after!);
  });
  useEffect(() => {
    if (!isReady || isPaused) return;
    // The client sends these again when it reconnects, so they always hold the newest cursor.
    const scoped = JSON.parse(within) as Record<string, unknown>;
    const variables: Record<string, unknown> = { ...scoped, after: begin(), entityTypes: types.split(",") };
    let gathered: Change[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    let again: ReturnType<typeof setTimeout> | undefined;
    const flush = (): void => {
      timer = undefined;
      const changes = gathered;
      gathered = [];
      tell(changes);
    };
    const stop = connection.client.subscribe<ChangesSubscription>(
      { query: ChangesDocument as unknown as string, variables },
      {
        next: ({ data }) => {
          const event = data?.statusChanges;
          if (!event) return;
          const cursor = event.__typename === "StatusChange" ? event.cursor : event.resumeAt;
          variables.after = last.current = cursor;
          if (event.__typename === "StreamGap") return gap();
          gathered.push(event);
          timer ??= setTimeout(flush, GATHER_MS);
        },
        // Such as a cursor of another database: what is shown is read anew, and with it comes another.
        error: () => {
          last.current = undefined;
          gap();
          again = setTimeout(() => setAttempt((old) => old + 1), AGAIN_MS);
        },
        complete: () => undefined,
      },
    );
    return () => {
      stop();
      clearTimeout(again);
      if (timer === undefined) return;
      clearTimeout(timer);
      flush();
    };
  }, [connection, isReady, isPaused, within, types, attempt]);
}

import {
  countRetry,
  isConnectionLoss,
  isExhausted,
  isTransient,
  QUERY_CANCELED,
  sqlStateOf,
} from "../../database/transaction.js";

const RECONNECT_MS = 100;

/**
 * Waits a moment before what failed is sent again.
 * @throws the error itself, where it says that sending it again would not help, or after the end
 */
export async function pauseAfter(
  error: unknown,
  how: {
    readonly doing: string;
    readonly isClosed: boolean;
    /** Also where the database has run out of disk or connections. */
    readonly waitsForRoom: boolean;
    /** Also where the statement ran into its own time limit: it was rolled back whole, and a smaller one may do. */
    readonly repeatsLate: boolean;
    readonly onError: (error: unknown, doing: string) => void;
  },
): Promise<void> {
  const isLate = how.repeatsLate && sqlStateOf(error) === QUERY_CANCELED;
  const waitsForRoom = how.waitsForRoom && isExhausted(error);
  if (how.isClosed || !(isTransient(error) || isLate || isConnectionLoss(error) || waitsForRoom)) throw error;
  countRetry(error);
  how.onError(error, how.doing);
  await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS * (0.5 + Math.random())));
}

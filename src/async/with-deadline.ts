import { HeadwayError } from "../errors.js";

/** Something was waited for and did not end in time; `details.deadlineMs` is how long. */
export class DeadlineExceeded extends HeadwayError {
  constructor(doing: string, deadlineMs: number) {
    super("DEADLINE_EXCEEDED", `${doing} took more than ${deadlineMs} ms.`, { deadlineMs });
  }
}

/**
 * What `work` settles with. It is not stopped: a command handed to a frozen server can't be taken back, only no longer
 * waited for; what it throws later is dropped. The timer is gone when the wait is.
 * @param doing says what is waited for, as the beginning of a sentence: "Closing the queues"
 * @throws {DeadlineExceeded} after `deadlineMs`
 */
export async function withDeadline<T>(doing: string, deadlineMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DeadlineExceeded(doing, deadlineMs)), deadlineMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits for the end of `work`, whatever it is, and no longer than the deadline: what does not end is left behind. */
export async function endOf(doing: string, deadlineMs: number, work: Promise<unknown> | null): Promise<void> {
  await withDeadline(doing, deadlineMs, Promise.resolve(work)).catch((error: unknown) => {
    if (!(error instanceof DeadlineExceeded)) throw error;
  });
}

import { isConnectionLoss, isExhausted } from "../database/transaction.js";
import type { TaskCommand } from "../engine/flush/task-command.js";
import type { DutyDeps } from "./duty.js";

/**
 * Records what is to become of each task. One that can't be recorded is told of and left for the next sweep; the others
 * are recorded. Returns how many moved.
 * @throws where the database is away or full
 */
export async function recordEach(
  { recorder, onError }: Pick<DutyDeps, "recorder" | "onError">,
  doing: string,
  commands: readonly TaskCommand[],
): Promise<number> {
  const recorded = await Promise.all(
    commands.map((command) =>
      recorder.record(command).catch((error: unknown) => {
        if (isConnectionLoss(error) || isExhausted(error)) throw error;
        onError(error, `${doing} task ${command.taskId}`);
        return null;
      }),
    ),
  );
  return recorded.filter((one) => one !== null).length;
}

import { lazy, Suspense } from "react";
import { useReturnFocus } from "../parts/return-focus.js";
import type { JobOrder } from "./preview.js";

interface JobDialogProps {
  /** Null: closed. */
  readonly order: JobOrder | null;
  readonly onClose: () => void;
  /** Told the ids of the jobs that were refused, as far as they are known. */
  readonly onDone?: (refused: readonly string[]) => void;
}

/** Loaded when something is first asked for. */
const OpenJobDialog = lazy(async () => ({ default: (await import("./job-dialog-content.js")).OpenJobDialog }));

/** Retries or cancels jobs, after it has shown exactly what that takes. */
export function JobDialog({ order, onClose, onDone }: JobDialogProps) {
  useReturnFocus(order !== null);
  if (order === null) return null;
  return (
    <Suspense>
      <OpenJobDialog order={order} onClose={onClose} onDone={onDone} />
    </Suspense>
  );
}

import { Button, Checkbox } from "@mantine/core";
import { duration } from "../parts/format.js";
import { Icon } from "../parts/icons.js";
import { Empty } from "../parts/states.js";
import { When } from "../parts/when.js";
import type { PastRun, usePastRuns } from "./stored.js";

interface PastRunsProps {
  readonly past: ReturnType<typeof usePastRuns>;
  readonly onOpen: (run: PastRun) => void;
}

/** What was run, the newest first; each can be opened again. */
export function PastRuns({ past: { runs, isKept, setIsKept, clear }, onOpen }: PastRunsProps) {
  return (
    <div className="past stack">
      <Checkbox
        label="Keep this list in this browser"
        description="Kept until you sign out. If not selected, the list is kept only until you close this tab. Responses are not kept."
        checked={isKept}
        onChange={({ currentTarget }) => setIsKept(currentTarget.checked)}
      />
      {runs.length === 0 ? (
        <Empty icon="clock" title="No operations run yet" />
      ) : (
        <>
          <ul className="plain-list">
            {runs.map((run) => (
              <li key={run.at}>
                <button type="button" className="past-run" onClick={() => onOpen(run)}>
                  <span className={run.isFault ? "tone-bad" : "tone-good"}>
                    <Icon name={run.isFault ? "warning" : "check"} size={14} />
                    <span className="for-readers">{run.isFault ? "With errors: " : "Without errors: "}</span>
                  </span>
                  <strong>{run.name}</strong>
                  <span className="faint">
                    <When at={run.at} />, took {duration(run.tookMs)}
                  </span>
                </button>
              </li>
            ))}
          </ul>
          <Button variant="default" size="compact-sm" onClick={clear}>
            Clear list
          </Button>
        </>
      )}
    </div>
  );
}

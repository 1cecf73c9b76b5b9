import { duration, size } from "../parts/format.js";
import { Icon } from "../parts/icons.js";
import { Empty } from "../parts/states.js";
import { CodeEditor } from "./code-editor.js";
import { Events } from "./events.js";
import type { RunOutcome } from "./use-run.js";

/** What came of the last run. */
export function Answer({ outcome, isRunning }: { readonly outcome: RunOutcome | null; readonly isRunning: boolean }) {
  if (outcome === null) {
    if (isRunning) return <p role="status">Waiting for the response…</p>;
    return (
      <Empty icon="play" title="No operation run yet">
        To run the operation on the left, select Run or press Ctrl-Enter in the editor. Each step fills in the variables
        that the next one needs.
      </Empty>
    );
  }
  if (outcome.kind === "events") return <Events outcome={outcome} isRunning={isRunning} />;
  const { name, isFault, tookMs, text } = outcome;
  return (
    <div className="answer">
      <p className={`answer-head ${isFault ? "tone-bad" : "tone-good"}`} role="status">
        <Icon name={isFault ? "warning" : "check"} size={14} />
        <strong>{isFault ? "Returned errors" : "Succeeded"}</strong>
        {name !== "" && <code>{name}</code>}
        <span className="faint">
          in {duration(tookMs)}, {size(text.length)}
          {isRunning && "; running the next one"}
        </span>
      </p>
      <CodeEditor label="Response" language="json" value={text} />
    </div>
  );
}

import { duration, size } from "../parts/format.js";
import { Icon } from "../parts/icons.js";
import { Empty } from "../parts/states.js";
import { CodeEditor } from "./code-editor.js";
import { Events } from "./events.js";
import type { RunOutcome } from "./use-run.js";

/** What came of the last run. */
export function Answer({ outcome, isRunning }: { readonly outcome: RunOutcome | null; readonly isRunning: boolean }) {
  if (outcome === null) {
    if (isRunning) return <p role="status">Sent; waiting for the answer …</p>;
    return (
      <Empty icon="play" title="Nothing has been run yet">
        The button runs what is on the left, and so does Ctrl-Enter in it. Each step fills in what the next one needs.
      </Empty>
    );
  }
  if (outcome.kind === "events") return <Events outcome={outcome} isRunning={isRunning} />;
  const { name, isFault, tookMs, text } = outcome;
  return (
    <div className="answer">
      <p className={`answer-head ${isFault ? "tone-bad" : "tone-good"}`} role="status">
        <Icon name={isFault ? "warning" : "check"} size={14} />
        <strong>{isFault ? "Answered with errors" : "Answered"}</strong>
        {name !== "" && <code>{name}</code>}
        <span className="faint">
          in {duration(tookMs)}, {size(text.length)}
          {isRunning && "; the next is on its way"}
        </span>
      </p>
      <CodeEditor label="Answer" language="json" value={text} />
    </div>
  );
}

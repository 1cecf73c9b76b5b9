import { Fragment, type ReactNode } from "react";
import { MEANINGS } from "../generated/meanings.js";
import { Icon, type IconName } from "./icons.js";

/** How a word looks: a tone and a sign, so that colour is never the only difference. */
type Tone = "quiet" | "busy" | "good" | "mixed" | "bad" | "ended";
const LOOKS: Readonly<Record<string, readonly [Tone, IconName]>> = {
  CREATED: ["quiet", "clock"],
  QUEUED: ["quiet", "clock"],
  WAITING: ["quiet", "pause"],
  STARTING: ["quiet", "clock"],
  PROCESSING: ["busy", "turning"],
  RUNNING: ["busy", "turning"],
  CANCELLING: ["ended", "barred"],
  DRAINING: ["ended", "pause"],
  COMPLETED: ["good", "check"],
  COMPLETED_WITH_ERRORS: ["mixed", "warning"],
  FAILED: ["bad", "cross"],
  STALLED: ["bad", "warning"],
  LOST: ["bad", "cross"],
  CANCELLED: ["ended", "barred"],
  INTERRUPTED: ["ended", "barred"],
  STOPPED: ["ended", "stop"],
  EXPIRED: ["ended", "barred"],
  SKIPPED: ["ended", "skip"],
};

interface StatusProps {
  readonly word: string;
  /** The enum that the word is of: its meaning is shown on hover. */
  readonly of: "JobStatus" | "TaskStatus" | "CollectionStatus" | "Status" | "WorkerStatus" | "StageOutcome";
}

/** The API's own word, with its meaning on hover. */
export function StatusWord({ word, of }: StatusProps) {
  const [tone, icon] = LOOKS[word] ?? (["quiet", "clock"] as const);
  return (
    <span className={`status tone-${tone}`} title={meaningOf(of, word)}>
      <Icon name={icon} size={14} className={word === "PROCESSING" || word === "RUNNING" ? "turns" : undefined} />
      <span>{breakable(word)}</span>
    </span>
  );
}

/** A long word may go on in the next line behind an underscore. */
function breakable(word: string): ReactNode {
  return word.split("_").map((part, place) => (
    <Fragment key={part}>
      {place > 0 && (
        <>
          _<wbr />
        </>
      )}
      {part}
    </Fragment>
  ));
}

/** Any word of an enum that is no status, with its meaning on hover. */
export function Word({ word, of }: { readonly word: string; readonly of: string }) {
  return (
    <span className="word" title={meaningOf(of, word)}>
      {word}
    </span>
  );
}

export function meaningOf(of: string, word: string): string | undefined {
  return MEANINGS[of]?.[word];
}

import { count } from "./format.js";
import { Icon } from "./icons.js";
import { Word } from "./status.js";
import { When } from "./when.js";

interface WaitingNoteProps {
  readonly waitingOn: {
    readonly code: string;
    readonly message: string;
    readonly until: string | null;
    readonly position: number | null;
  };
}

/** Why something does not move. */
export function WaitingNote({ waitingOn: { code, message, until, position } }: WaitingNoteProps) {
  return (
    <div className="note tone-mixed" role="status">
      <Icon name="clock" />
      <div>
        <strong>
          Reason for waiting: <Word of="WaitingCode" word={code} />
        </strong>{" "}
        {message}
        {position !== null && <> Position in the queue: {count(position)}.</>}
        {until !== null && (
          <>
            {" "}
            It resumes automatically <When at={until} />.
          </>
        )}
      </div>
    </div>
  );
}

import { useEffect, useRef } from "react";
import { count, counted } from "../parts/format.js";
import { Icon } from "../parts/icons.js";
import { JsonTree } from "../parts/json-tree.js";
import { MAX_EVENTS, type RunOutcome } from "./use-run.js";

const TIME = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
});
/** So much of an event that has no plain values. */
const MAX_SHORT = 200;
/** So near to the end the list follows it, in pixels. */
const NEAR = 40;

/** Every event of a subscription with the time when it came, the newest at the end. */
export function Events({
  outcome,
  isRunning,
}: {
  readonly outcome: Extract<RunOutcome, { kind: "events" }>;
  readonly isRunning: boolean;
}) {
  const { name, events, total, startedAt } = outcome;
  const list = useRef<HTMLOListElement>(null);
  const isAtEnd = useRef(true);
  useEffect(() => {
    if (isAtEnd.current && list.current) list.current.scrollTop = list.current.scrollHeight;
  }, [events]);
  return (
    <div className="events">
      <p className="events-head" role="status">
        {isRunning && <span className="dot" aria-hidden="true" />}
        <strong>{counted(total, "event")}</strong>
        {name !== "" && <code>{name}</code>}
        <span className="faint">
          since {TIME.format(startedAt)}
          {isRunning ? "; still running" : "; ended"}
          {total > MAX_EVENTS && `. Showing the last ${count(MAX_EVENTS)}`}
        </span>
      </p>
      <ol
        ref={list}
        className="events-list"
        tabIndex={0}
        aria-label="Events"
        onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
          isAtEnd.current = scrollHeight - scrollTop - clientHeight < NEAR;
        }}
      >
        {events.map((event) => (
          <li key={event.number} className={`event event-${event.kind}`}>
            <time dateTime={new Date(event.at).toISOString()}>{TIME.format(event.at)}</time>
            {event.kind === "note" ? (
              <span className="faint">{String(event.value)}</span>
            ) : (
              <details>
                <summary>
                  {event.kind === "fault" && <Icon name="warning" size={13} />}
                  <InShort value={event.value} />
                </summary>
                <JsonTree value={event.value} />
              </details>
            )}
          </li>
        ))}
      </ol>
    </div>
  );
}

/** The plain values of what the event is about; all of it is one click away. */
function InShort({ value }: { readonly value: unknown }) {
  if (typeof value !== "object" || value === null) return JSON.stringify(value ?? null);
  const fields: unknown[] = Object.values(value);
  const inner = fields.length === 1 && typeof fields[0] === "object" && fields[0] !== null ? fields[0] : value;
  const plain = Object.entries(inner).filter(
    ([name, one]) => name !== "cursor" && one !== null && typeof one !== "object",
  );
  if (plain.length === 0) return JSON.stringify(value).slice(0, MAX_SHORT);
  return plain.map(([name, one]) => (
    <span key={name} className="event-value">
      <span className="faint">{name}</span> {String(one)}{" "}
    </span>
  ));
}

import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { WebhookPageQuery } from "../generated/operations.js";
import { counted, duration } from "../parts/format.js";
import { Icon } from "../parts/icons.js";
import { JsonTree } from "../parts/json-tree.js";
import { Word } from "../parts/status.js";
import { useNow, When } from "../parts/when.js";

type Delivery = Extract<
  NonNullable<WebhookPageQuery["node"]>,
  { __typename: "Webhook" }
>["deliveries"]["nodes"][number];

interface RowProps {
  readonly delivery: Delivery;
  readonly isEnabled: boolean;
  /** Whether it is being sent again. */
  readonly isWorking: boolean;
  readonly onRedeliver: () => void;
}

/** One message: what it tells of, whether it was taken, and every time that it was sent. */
export function DeliveryRow({ delivery, isEnabled, isWorking, onRedeliver }: RowProps) {
  const { id, event, createdAt, payload, job, attempts } = delivery;
  const [isOpen, setIsOpen] = useState(false);
  return (
    <li className="delivery">
      <div className="delivery-head">
        <DeliveryState delivery={delivery} isEnabled={isEnabled} />
        <span>
          <Word of="WebhookEvent" word={event} />{" "}
          {job !== null && (
            <Link to="/jobs/$id" params={{ id: job.id }}>
              {job.collection.name} · {job.pipeline}
            </Link>
          )}
        </span>
        <span className="faint">
          <When at={createdAt} />
        </span>
        <span className="acts">
          <Button size="compact-xs" variant="subtle" aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
            {counted(attempts.length, "attempt")}
            <span className="for-readers"> of {event}</span>
          </Button>
          {payload !== null && (
            <Button size="compact-xs" variant="default" loading={isWorking} onClick={onRedeliver}>
              Send again<span className="for-readers"> {event}</span>
            </Button>
          )}
        </span>
      </div>
      {isOpen && (
        <div className="delivery-detail">
          <Attempts attempts={attempts} />
          <p className="faint">
            Message ID (header <code>webhook-id</code>): <code>{id}</code>
          </p>
          {payload === null ? (
            <p className="faint">
              The payload is no longer stored, so it can't be sent again. Payloads are kept for one week after the
              delivery succeeds or fails.
            </p>
          ) : (
            <JsonTree name="sent" value={payload} isOpen={false} />
          )}
        </div>
      )}
    </li>
  );
}

function DeliveryState({ delivery, isEnabled }: Pick<RowProps, "delivery" | "isEnabled">) {
  const { deliveredAt, nextAttemptAt, attempts } = delivery;
  const nowMs = useNow();
  const last = attempts.at(-1);
  if (nextAttemptAt !== null) {
    const isDue = Date.parse(nextAttemptAt) <= nowMs;
    return (
      <span className={`status tone-${last === undefined || last.error === null ? "quiet" : "mixed"}`}>
        <Icon name={last === undefined || last.error === null ? "clock" : "retry"} size={14} />
        <span>
          {!isEnabled ? (
            "waiting until the webhook is enabled"
          ) : isDue ? (
            "due now"
          ) : (
            <>
              next attempt <When at={nextAttemptAt} />
            </>
          )}
        </span>
      </span>
    );
  }
  return deliveredAt !== null ? (
    <span className="status tone-good">
      <Icon name="check" size={14} />
      <span>
        delivered <When at={deliveredAt} />
      </span>
    </span>
  ) : (
    <span className="status tone-bad">
      <Icon name="cross" size={14} />
      failed
    </span>
  );
}

function Attempts({ attempts }: Pick<Delivery, "attempts">) {
  if (attempts.length === 0) return <p className="faint">Not sent yet.</p>;
  return (
    <table className="rows">
      <caption className="for-readers">Attempts</caption>
      <thead>
        <tr>
          <th scope="col">Sent</th>
          <th scope="col">Response</th>
          <th scope="col" className="number">
            Duration
          </th>
        </tr>
      </thead>
      <tbody>
        {attempts.map(({ at, statusCode, error, durationMs }) => (
          <tr key={at}>
            <td>
              <When at={at} />
            </td>
            <td className={error === null ? "tone-good" : "tone-bad"}>
              <Icon name={error === null ? "check" : "cross"} size={14} /> {statusCode ?? "none"}
              {error !== null && <div>{error}</div>}
            </td>
            <td className="number">{duration(durationMs)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

import { useApi } from "../api/api.js";
import { useConnectionState } from "../api/connection.js";
import { absolute } from "../parts/format.js";
import { Icon } from "../parts/icons.js";
import { When } from "../parts/when.js";

/** Whether what is shown is live, so that nothing old passes for new. */
export function ConnectionSign() {
  const { phase, since } = useConnectionState(useApi().connection);
  if (phase === "live") {
    return (
      <span
        className="connection tone-good"
        role="status"
        title={`Changes come in as they happen, since ${absolute(since)}`}
      >
        <span className="dot" aria-hidden="true" />
        Live
      </span>
    );
  }
  if (phase === "connecting") {
    return (
      <span className="connection tone-quiet" role="status">
        <Icon name="turning" className="turns" size={14} />
        Connecting
      </span>
    );
  }
  return (
    <span
      className="connection tone-mixed"
      role="status"
      title="Nothing is lost: the page goes on where it was as soon as the server answers."
    >
      <Icon name="warning" size={14} />
      <span>
        Away
        <span className="connection-since">
          , as it was <When at={since} />
        </span>
      </span>
    </span>
  );
}

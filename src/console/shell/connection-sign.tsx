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
      <span className="connection tone-good" role="status" title={`Receiving live updates since ${absolute(since)}`}>
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
      title="No changes are lost: the page catches up when the server responds again."
    >
      <Icon name="warning" size={14} />
      <span>
        Offline
        <span className="connection-since">
          ; data from <When at={since} />
        </span>
      </span>
    </span>
  );
}

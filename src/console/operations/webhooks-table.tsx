import { Link } from "@tanstack/react-router";
import type { WebhookPartsFragment } from "../generated/operations.js";
import { Icon } from "../parts/icons.js";
import { Word } from "../parts/status.js";
import { When } from "../parts/when.js";

/** Where each leads, what it is told of, and whether it is. */
export function WebhooksTable({ webhooks }: { readonly webhooks: readonly WebhookPartsFragment[] }) {
  return (
    <table className="rows cards">
      <caption className="for-readers">Webhooks</caption>
      <thead>
        <tr>
          <th scope="col">URL</th>
          <th scope="col">Status</th>
          <th scope="col">Events</th>
          <th scope="col">Filters</th>
          <th scope="col">Created</th>
        </tr>
      </thead>
      <tbody>
        {webhooks.map((webhook) => (
          <tr key={webhook.id} data-tone={webhook.enabled ? undefined : "bad"}>
            <td data-title="URL" className="wide">
              <Link to="/operations/webhooks/$id" params={{ id: webhook.id }} className="strong">
                {webhook.url}
              </Link>
            </td>
            <td data-title="Status">
              <WebhookState webhook={webhook} />
            </td>
            <td data-title="Events">
              <ToldOf webhook={webhook} />
            </td>
            <td data-title="Filters">
              <Narrowed webhook={webhook} />
            </td>
            <td data-title="Created">
              <When at={webhook.createdAt} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Whether it is told anything, and if not, why. */
export function WebhookState({ webhook: { enabled, disabledReason } }: { readonly webhook: WebhookPartsFragment }) {
  return enabled ? (
    <span className="status tone-good">
      <Icon name="check" size={14} />
      Enabled
    </span>
  ) : (
    <span className="state-cell">
      <span className="status tone-bad">
        <Icon name="barred" size={14} />
        Disabled
      </span>
      <span className="faint">{disabledReason}</span>
    </span>
  );
}

export function ToldOf({ webhook: { events } }: { readonly webhook: WebhookPartsFragment }) {
  return (
    <>
      {events.map((event) => (
        <span key={event}>
          <Word of="WebhookEvent" word={event} />{" "}
        </span>
      ))}
    </>
  );
}

/** The jobs that it is told of, where these are not all. */
export function Narrowed({ webhook: { pipelines, tags } }: { readonly webhook: WebhookPartsFragment }) {
  if (pipelines === null && tags === null) return <span className="faint">all jobs</span>;
  return (
    <>
      {pipelines !== null && <>pipelines: {pipelines.join(", ")} </>}
      {tags !== null && (
        <span className="tags">
          {tags.map((tag) => (
            <span key={tag} className="tag">
              {tag}
            </span>
          ))}
        </span>
      )}
    </>
  );
}

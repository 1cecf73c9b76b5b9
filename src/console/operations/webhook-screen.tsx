import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useApi } from "../api/api.js";
import { useAsked } from "../api/ask.js";
import { WebhookPageDocument } from "../generated/operations.js";
import { allowedTo } from "../parts/act-button.js";
import { Forbidden } from "../parts/forbidden.js";
import { Icon } from "../parts/icons.js";
import { Empty, FaultNote, Loading, Panel } from "../parts/states.js";
import { When } from "../parts/when.js";
import { useEvery } from "../api/every.js";
import { Deliveries } from "./deliveries.js";
import { OperationsFrame } from "./frame.js";
import { WebhookActs } from "./webhook-acts.js";
import { Narrowed, ToldOf, WebhookState } from "./webhooks-table.js";

const LOOK_MS = 3_000;

/** One webhook: what it is told of, and every message to it with all attempts. */
export function WebhookScreen() {
  const { id } = useParams({ from: "/operations/webhooks/$id" });
  const { viewer } = useApi();
  const admin = allowedTo(viewer.role, "ADMIN");
  return (
    <OperationsFrame title="Webhook">
      {admin.allowed ? (
        <OneWebhook key={id} id={id} />
      ) : (
        <Panel title="This webhook">
          <Forbidden title="This key can't view webhooks" reason={admin.disabledReason ?? ""} />
        </Panel>
      )}
    </OperationsFrame>
  );
}

function OneWebhook({ id }: { readonly id: string }) {
  const navigate = useNavigate();
  const asked = useAsked(WebhookPageDocument, { id, after: null });
  useEvery(LOOK_MS, asked.again);
  const node = asked.data?.node;
  const webhook = node?.__typename === "Webhook" ? node : null;
  const isUnknown = asked.fault?.code === "BAD_USER_INPUT" || (asked.data !== undefined && webhook === null);
  return (
    <>
      {asked.fault && !isUnknown && <FaultNote fault={asked.fault} again={asked.again} />}
      {asked.isLoading && <Loading rows={6} />}
      {isUnknown && (
        <Empty icon="bell" title="Webhook not found">
          This project has no webhook with the ID <code>{id}</code>.{" "}
          <Link to="/operations/webhooks">View all webhooks</Link>.
        </Empty>
      )}
      {webhook && (
        <>
          <Panel
            title={webhook.url}
            id="webhook"
            aside={
              <WebhookActs
                webhook={webhook}
                onDone={asked.again}
                onDeleted={() => void navigate({ to: "/operations/webhooks" })}
              />
            }
          >
            {!webhook.enabled && (
              <div className="note tone-bad" role="status">
                <Icon name="barred" />
                <div>
                  <strong>Disabled: receives no events.</strong> {webhook.disabledReason} When enabled again, it sends
                  the pending deliveries, but not the events that occurred while it was disabled.
                </div>
              </div>
            )}
            <dl className="facts">
              <div>
                <dt>Status</dt>
                <dd>
                  <WebhookState webhook={{ ...webhook, disabledReason: null }} />
                </dd>
              </div>
              <div>
                <dt>Events</dt>
                <dd>
                  <ToldOf webhook={webhook} />
                </dd>
              </div>
              <div>
                <dt>Filters</dt>
                <dd>
                  <Narrowed webhook={webhook} />
                </dd>
              </div>
              <div>
                <dt>Created</dt>
                <dd>
                  <When at={webhook.createdAt} />
                </dd>
              </div>
            </dl>
          </Panel>
          <Panel title="Deliveries">
            <Deliveries webhookId={id} newest={webhook.deliveries} isEnabled={webhook.enabled} onDone={asked.again} />
          </Panel>
        </>
      )}
    </>
  );
}

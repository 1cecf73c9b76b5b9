import { Button } from "@mantine/core";
import { useState } from "react";
import { useClient } from "urql";
import { send } from "../api/send.js";
import { RedeliverWebhookDocument, WebhookPageDocument, type WebhookPageQuery } from "../generated/operations.js";
import { useSay } from "../parts/said.js";
import { Empty } from "../parts/states.js";
import { DeliveryRow } from "./delivery-row.js";

type Page = Extract<NonNullable<WebhookPageQuery["node"]>, { __typename: "Webhook" }>["deliveries"];

interface DeliveriesProps {
  readonly webhookId: string;
  /** The newest page, as it is read again and again. */
  readonly newest: Page;
  readonly isEnabled: boolean;
  readonly onDone: () => void;
}

/** What a webhook was told and is to be told, the newest first; earlier ones when somebody asks for them. */
export function Deliveries({ webhookId, newest, isEnabled, onDone }: DeliveriesProps) {
  const client = useClient();
  const say = useSay();
  const [older, setOlder] = useState<Pick<Page, "nodes" | "pageInfo"> | null>(null);
  const [working, setWorking] = useState<ReadonlySet<string>>(new Set());
  const known = new Set(newest.nodes.map(({ id }) => id));
  const rows = [...newest.nodes, ...(older?.nodes ?? []).filter(({ id }) => !known.has(id))];
  const { hasNextPage, endCursor } = (older ?? newest).pageInfo;
  const earlier = async (): Promise<void> => {
    const { data, error } = await client
      .query(WebhookPageDocument, { id: webhookId, after: endCursor }, { requestPolicy: "network-only" })
      .toPromise();
    if (data?.node?.__typename !== "Webhook") return say(error?.message ?? "The webhook no longer exists.", true);
    const { nodes, pageInfo } = data.node.deliveries;
    // What slides out of the newest page as others come in stays in the list.
    setOlder({ nodes: [...(older?.nodes ?? newest.nodes), ...nodes], pageInfo });
  };
  const redeliver = async (deliveryId: string): Promise<void> => {
    setWorking((old) => new Set([...old, deliveryId]));
    const { data, refusals } = await send(client, RedeliverWebhookDocument, { input: { deliveryId } });
    setWorking((old) => new Set([...old].filter((id) => id !== deliveryId)));
    if (refusals !== null) return say(refusals[0]!.message, true);
    const { delivery } = data.redeliverWebhook;
    // The earlier pages are not read again.
    setOlder(
      (old) =>
        old && { ...old, nodes: old.nodes.map((one) => (one.id === delivery?.id ? { ...one, ...delivery } : one)) },
    );
    say("The message will be sent again with the same ID.");
    onDone();
  };
  if (rows.length === 0) {
    return (
      <Empty icon="clock" title="No deliveries yet">
        The first delivery is sent when the next selected event occurs. Deliveries stay in this log for one month.
      </Empty>
    );
  }
  return (
    <>
      <ul className="deliveries">
        {rows.map((delivery) => (
          <DeliveryRow
            key={delivery.id}
            delivery={delivery}
            isEnabled={isEnabled}
            isWorking={working.has(delivery.id)}
            onRedeliver={() => void redeliver(delivery.id)}
          />
        ))}
      </ul>
      {hasNextPage && (
        <Button variant="default" size="compact-sm" onClick={() => void earlier()}>
          Show earlier deliveries
        </Button>
      )}
    </>
  );
}

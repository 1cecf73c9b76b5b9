import { Button } from "@mantine/core";
import { lazy, Suspense, useState } from "react";
import { useClient } from "urql";
import { useApi } from "../api/api.js";
import { useAsked } from "../api/ask.js";
import { useEvery } from "../api/every.js";
import { WebhooksDocument, type WebhookPartsFragment } from "../generated/operations.js";
import { ActButton, allowedTo } from "../parts/act-button.js";
import { Forbidden } from "../parts/forbidden.js";
import { useSay } from "../parts/said.js";
import { Empty, Panel, Shown } from "../parts/states.js";
import { OperationsFrame } from "./frame.js";
import { WebhooksTable } from "./webhooks-table.js";

/** Loaded when a webhook is first made. */
const WebhookDialog = lazy(async () => ({ default: (await import("./webhook-dialog.js")).WebhookDialog }));

/** Whether one was disabled, or took what it was told, has no stream of its own. */
const LOOK_MS = 10_000;

/** Who is told of what happens. */
export function WebhooksScreen() {
  const { viewer } = useApi();
  const [isMaking, setIsMaking] = useState(false);
  const [made, setMade] = useState(0);
  const admin = allowedTo(viewer.role, "ADMIN");
  return (
    <OperationsFrame title="Webhooks">
      <div>
        <ActButton size="compact-md" variant="filled" permission={admin} onClick={() => setIsMaking(true)}>
          Add webhook…
        </ActButton>
      </div>
      {admin.allowed ? (
        <WebhookList key={made} />
      ) : (
        <Panel title="Project webhooks">
          <Forbidden title="This key can't view webhooks" reason={admin.disabledReason ?? ""} />
        </Panel>
      )}
      {isMaking && (
        <Suspense>
          <WebhookDialog webhook={null} onClose={() => setIsMaking(false)} onDone={() => setMade((old) => old + 1)} />
        </Suspense>
      )}
    </OperationsFrame>
  );
}

interface Older {
  readonly nodes: readonly WebhookPartsFragment[];
  readonly cursor: string | null;
}

function WebhookList() {
  const client = useClient();
  const say = useSay();
  const asked = useAsked(WebhooksDocument, { after: null });
  // Further pages, once somebody has asked for them.
  const [older, setOlder] = useState<Older | null>(null);
  useEvery(LOOK_MS, asked.again);
  return (
    <Shown asked={asked} rows={4}>
      {({ webhooks }) => {
        const cursor = older === null ? nextOf(webhooks.pageInfo) : older.cursor;
        const more = async (): Promise<void> => {
          const { data, error } = await client
            .query(WebhooksDocument, { after: cursor }, { requestPolicy: "network-only" })
            .toPromise();
          if (!data) return say(error?.message ?? "The server is not responding.", true);
          setOlder({
            nodes: [...(older?.nodes ?? []), ...data.webhooks.nodes],
            cursor: nextOf(data.webhooks.pageInfo),
          });
        };
        return webhooks.nodes.length === 0 ? (
          <Empty icon="bell" title="No webhooks yet">
            A webhook sends a message to your URL when a job starts or settles, when tasks fail, or when a collection
            expires.
          </Empty>
        ) : (
          <>
            <WebhooksTable webhooks={[...webhooks.nodes, ...(older?.nodes ?? [])]} />
            {cursor !== null && (
              <Button variant="default" size="compact-sm" onClick={() => void more()}>
                Show earlier webhooks
              </Button>
            )}
          </>
        );
      }}
    </Shown>
  );
}

function nextOf({ hasNextPage, endCursor }: { readonly hasNextPage: boolean; readonly endCursor: string | null }) {
  return hasNextPage ? endCursor : null;
}

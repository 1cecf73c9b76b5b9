import { Button, Group, Modal } from "@mantine/core";
import { lazy, Suspense, useState } from "react";
import { useClient } from "urql";
import { send } from "../api/send.js";
import {
  DeleteWebhookDocument,
  RotateWebhookSecretDocument,
  UpdateWebhookDocument,
  type WebhookPartsFragment,
} from "../generated/operations.js";
import { ConfirmDialog } from "../parts/confirm-dialog.js";
import { useReturnFocus } from "../parts/return-focus.js";
import { useSay } from "../parts/said.js";
import { SecretOfWebhook } from "./webhook-dialog.js";

/** Loaded when one is first changed. */
const WebhookDialog = lazy(async () => ({ default: (await import("./webhook-dialog.js")).WebhookDialog }));

interface ActsProps {
  readonly webhook: WebhookPartsFragment;
  readonly onDone: () => void;
  readonly onDeleted: () => void;
}

/** What can be done with a webhook. */
export function WebhookActs({ webhook, onDone, onDeleted }: ActsProps) {
  const client = useClient();
  const say = useSay();
  const [open, setOpen] = useState<"change" | "rotate" | "delete" | "disable" | null>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const { id, url, enabled } = webhook;
  const close = (): void => setOpen(null);
  const setEnabled = async (next: boolean) => {
    const { refusals } = await send(client, UpdateWebhookDocument, { input: { webhookId: id, enabled: next } });
    if (refusals !== null) return refusals;
    say(next ? "Webhook enabled." : "Webhook disabled. It receives no events.");
    onDone();
    return null;
  };
  const rotate = async () => {
    const { data, refusals } = await send(client, RotateWebhookSecretDocument, { input: { webhookId: id } });
    if (refusals !== null) return refusals;
    setSecret(data.rotateWebhookSecret.secret);
    return null;
  };
  const remove = async () => {
    const { refusals } = await send(client, DeleteWebhookDocument, { input: { webhookId: id } });
    if (refusals !== null) return refusals;
    say(`${url} deleted.`);
    onDeleted();
    return null;
  };
  const enable = async (): Promise<void> => {
    const refusals = await setEnabled(true);
    if (refusals !== null) say(refusals[0]!.message, true);
  };
  return (
    <Group gap="xs">
      {enabled ? (
        <Button size="compact-sm" variant="default" onClick={() => setOpen("disable")}>
          Disable…
        </Button>
      ) : (
        <Button size="compact-sm" onClick={() => void enable()}>
          Enable
        </Button>
      )}
      <Button size="compact-sm" variant="default" onClick={() => setOpen("change")}>
        Edit…
      </Button>
      <Button size="compact-sm" variant="default" onClick={() => setOpen("rotate")}>
        Rotate secret…
      </Button>
      <Button size="compact-sm" variant="default" onClick={() => setOpen("delete")}>
        Delete…
      </Button>
      {open === "change" && (
        <Suspense>
          <WebhookDialog webhook={webhook} onClose={close} onDone={onDone} />
        </Suspense>
      )}
      {open === "disable" && (
        <ConfirmDialog title="Disable webhook" act="Disable" onConfirm={() => setEnabled(false)} onClose={close}>
          <p>
            The webhook receives no events until you enable it again. Events that occur while it is disabled are not
            sent later.
          </p>
        </ConfirmDialog>
      )}
      {open === "rotate" && (
        <ConfirmDialog title="Rotate signing secret" act="Rotate secret" onConfirm={rotate} onClose={close}>
          <p>
            For one day, deliveries are signed with both the new and the old secret. After that, only the new secret is
            valid.
          </p>
        </ConfirmDialog>
      )}
      {open === "delete" && (
        <ConfirmDialog title="Delete webhook" act="Delete" isFinal onConfirm={remove} onClose={close}>
          <p>
            <strong>{url}</strong> will receive no more events, and its delivery log is deleted. To stop events
            temporarily, disable the webhook instead.
          </p>
        </ConfirmDialog>
      )}
      {secret !== null && <SecretDialog secret={secret} onClose={() => setSecret(null)} />}
    </Group>
  );
}

function SecretDialog({ secret, onClose }: { readonly secret: string; readonly onClose: () => void }) {
  useReturnFocus(true);
  return (
    <Modal
      opened
      onClose={onClose}
      title="New signing secret"
      closeOnClickOutside={false}
      closeOnEscape={false}
      closeButtonProps={{ "aria-label": "Close" }}
      centered
    >
      <div className="stack">
        <SecretOfWebhook secret={secret} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Done
          </Button>
        </Group>
      </div>
    </Modal>
  );
}

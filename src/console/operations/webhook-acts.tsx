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
    say(next ? "It is told again." : "It is told nothing from now on.");
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
    say(`${url} is deleted.`);
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
        Change…
      </Button>
      <Button size="compact-sm" variant="default" onClick={() => setOpen("rotate")}>
        New secret…
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
        <ConfirmDialog title="Disable the webhook" act="Disable" onConfirm={() => setEnabled(false)} onClose={close}>
          <p>It is told nothing until it is enabled. What happens meanwhile it is not told of later.</p>
        </ConfirmDialog>
      )}
      {open === "rotate" && (
        <ConfirmDialog title="Give the webhook a new secret" act="Give it a new one" onConfirm={rotate} onClose={close}>
          <p>
            For a day deliveries are signed with both, the new one and the one before. After that only the new one fits.
          </p>
        </ConfirmDialog>
      )}
      {open === "delete" && (
        <ConfirmDialog title="Delete the webhook" act="Delete" isFinal onConfirm={remove} onClose={close}>
          <p>
            <strong>{url}</strong> is told nothing more, and the log of its deliveries goes with it. To pause it,
            disable it.
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
      title="The new secret"
      closeOnClickOutside={false}
      closeOnEscape={false}
      closeButtonProps={{ "aria-label": "Close" }}
      centered
    >
      <div className="stack">
        <SecretOfWebhook secret={secret} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            I have it
          </Button>
        </Group>
      </div>
    </Modal>
  );
}

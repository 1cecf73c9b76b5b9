import { useState } from "react";
import type { WebhookPartsFragment } from "../generated/operations.js";
import { useSay } from "../parts/said.js";
import { ShownOnce } from "../parts/shown-once.js";
import { SecretDialog } from "./secret-dialog.js";
import { WebhookForm } from "./webhook-form.js";

interface DialogProps {
  /** Null: a new one. */
  readonly webhook: WebhookPartsFragment | null;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** Makes a webhook, and shows its secret once; or changes one. */
export function WebhookDialog({ webhook, onClose, onDone }: DialogProps) {
  const say = useSay();
  const [secret, setSecret] = useState<string | null>(null);
  const [isWorking, setIsWorking] = useState(false);
  const done = (made: string | null): void => {
    if (made !== null) return setSecret(made);
    say("Webhook updated.");
    onClose();
    onDone();
  };
  const close = (): void => {
    onClose();
    if (secret !== null) onDone();
  };
  return (
    <SecretDialog
      title={secret !== null ? "Webhook added" : webhook === null ? "Add webhook" : "Edit webhook"}
      isWorking={isWorking}
      onClose={close}
      made={secret && <SecretOfWebhook secret={secret} />}
    >
      <WebhookForm webhook={webhook} onClose={close} onDone={done} isWorking={isWorking} onWorking={setIsWorking} />
    </SecretDialog>
  );
}

/** The secret by which its receiver checks what it is sent. */
export function SecretOfWebhook({ secret }: { readonly secret: string }) {
  return (
    <ShownOnce label="Signing secret" secret={secret}>
      Copy the secret to the receiver, which uses it to verify that deliveries come from this server.
    </ShownOnce>
  );
}

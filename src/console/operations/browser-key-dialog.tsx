import { useState } from "react";
import { absolute } from "../parts/format.js";
import { ShownOnce } from "../parts/shown-once.js";
import { BrowserKeyForm, type MadeKey } from "./browser-key-form.js";
import { SecretDialog } from "./secret-dialog.js";

interface DialogProps {
  readonly onClose: () => void;
  readonly onMade: () => void;
}

/** Makes a key for a page in a browser: for one collection or job, for minutes. Shows it once. */
export function BrowserKeyDialog({ onClose, onMade }: DialogProps) {
  const [made, setMade] = useState<MadeKey | null>(null);
  const [isWorking, setIsWorking] = useState(false);
  const close = (): void => {
    onClose();
    if (made !== null) onMade();
  };
  return (
    <SecretDialog
      title={made === null ? "Create browser key" : "Browser key created"}
      isWorking={isWorking}
      onClose={close}
      made={
        made && (
          <ShownOnce label="Browser key" secret={made.key}>
            Copy the key to the web page that will use it. It expires {absolute(made.expiresAt)}, or earlier if the key
            that you signed in with expires or is revoked.
          </ShownOnce>
        )
      }
    >
      <BrowserKeyForm onClose={close} onMade={setMade} isWorking={isWorking} onWorking={setIsWorking} />
    </SecretDialog>
  );
}

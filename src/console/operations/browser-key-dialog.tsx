import { Button, Group, Modal } from "@mantine/core";
import { useState } from "react";
import { absolute } from "../parts/format.js";
import { useReturnFocus } from "../parts/return-focus.js";
import { ShownOnce } from "../parts/shown-once.js";
import { BrowserKeyForm, type MadeKey } from "./browser-key-form.js";

interface DialogProps {
  readonly onClose: () => void;
  readonly onMade: () => void;
}

/** Makes a key for a page in a browser: for one collection or job, for minutes. Shows it once. */
export function BrowserKeyDialog({ onClose, onMade }: DialogProps) {
  const [made, setMade] = useState<MadeKey | null>(null);
  const [isWorking, setIsWorking] = useState(false);
  useReturnFocus(true);
  const close = (): void => {
    // What is shown once is on its way.
    if (isWorking) return;
    onClose();
    if (made !== null) onMade();
  };
  return (
    <Modal
      opened
      onClose={close}
      title={made === null ? "Make a key for a browser" : "The key is made"}
      // A click beside it must not lose what is shown once.
      closeOnClickOutside={made === null}
      closeOnEscape={made === null}
      closeButtonProps={{ "aria-label": "Close", disabled: isWorking }}
      centered
    >
      {made === null ? (
        <BrowserKeyForm onClose={close} onMade={setMade} isWorking={isWorking} onWorking={setIsWorking} />
      ) : (
        <div className="stack">
          <ShownOnce label="The key" secret={made.key}>
            Give it to the page that it is for. It ends {absolute(made.expiresAt)}, or with the key that you have signed
            in with.
          </ShownOnce>
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              I have it
            </Button>
          </Group>
        </div>
      )}
    </Modal>
  );
}

import { Button, Group, Modal } from "@mantine/core";
import type { ReactNode } from "react";
import { useReturnFocus } from "../parts/return-focus.js";

interface SecretDialogProps {
  readonly title: string;
  /** What has been made, shown this once; null while the form is filled in. */
  readonly made: ReactNode;
  readonly isWorking: boolean;
  readonly onClose: () => void;
  /** The form. */
  readonly children: ReactNode;
}

/** A dialog whose form makes something secret. It cannot be left while that is made, nor by a slip once it is shown. */
export function SecretDialog({ title, made, isWorking, onClose, children }: SecretDialogProps) {
  useReturnFocus(true);
  const close = (): void => {
    if (!isWorking) onClose();
  };
  return (
    <Modal
      opened
      onClose={close}
      title={title}
      closeOnClickOutside={made === null}
      closeOnEscape={made === null}
      closeButtonProps={{ "aria-label": "Close", disabled: isWorking }}
      centered
    >
      {made === null ? (
        children
      ) : (
        <div className="stack">
          {made}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Done
            </Button>
          </Group>
        </div>
      )}
    </Modal>
  );
}

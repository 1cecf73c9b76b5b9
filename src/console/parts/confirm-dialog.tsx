import { Button, Group, Modal } from "@mantine/core";
import { useState, type ReactNode } from "react";
import type { Refusal } from "../api/send.js";
import { useReturnFocus } from "./return-focus.js";

interface ConfirmDialogProps {
  readonly title: string;
  /** What the button says, such as "Revoke". */
  readonly act: string;
  /** For what cannot be undone. */
  readonly isFinal?: boolean;
  /** Does it; what was said against it, or null. */
  readonly onConfirm: () => Promise<readonly Refusal[] | null>;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** Says what comes of something before it is done. A refusal stays beside it, word for word. */
export function ConfirmDialog({ title, act, isFinal = false, onConfirm, onClose, children }: ConfirmDialogProps) {
  const [isWorking, setIsWorking] = useState(false);
  const [refusals, setRefusals] = useState<readonly Refusal[]>([]);
  useReturnFocus(true);
  const confirm = async (): Promise<void> => {
    setIsWorking(true);
    const said = await onConfirm();
    setIsWorking(false);
    if (said === null) onClose();
    else setRefusals(said);
  };
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ "aria-label": "Close" }} centered>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void confirm();
        }}
      >
        {children}
        {refusals.length > 0 && (
          <p className="tone-bad" role="alert">
            {refusals.map(({ message }) => message).join(" ")}
          </p>
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose} data-autofocus={isFinal || undefined}>
            Cancel
          </Button>
          <Button type="submit" loading={isWorking} color={isFinal ? "red" : undefined}>
            {act}
          </Button>
        </Group>
      </form>
    </Modal>
  );
}

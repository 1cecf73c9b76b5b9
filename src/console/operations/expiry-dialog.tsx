import { Button, Group, Modal, Radio, TextInput } from "@mantine/core";
import { useState } from "react";
import { useClient } from "urql";
import { send } from "../api/send.js";
import { SetExpiryDocument } from "../generated/operations.js";
import { useReturnFocus } from "../parts/return-focus.js";
import { useSay } from "../parts/said.js";

interface ExpiryDialogProps {
  readonly collection: { readonly id: string; readonly name: string; readonly expiresAt: string | null };
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** Says anew when a collection goes, or that it stays. */
export function ExpiryDialog({ collection: { id, name, expiresAt }, onClose, onDone }: ExpiryDialogProps) {
  const client = useClient();
  const say = useSay();
  const [kind, setKind] = useState<"at" | "never">("at");
  const [at, setAt] = useState(() => localTime(expiresAt));
  const [fault, setFault] = useState<string | null>(null);
  const [isWorking, setIsWorking] = useState(false);
  useReturnFocus(true);
  const change = async (): Promise<void> => {
    const time = new Date(at);
    if (kind === "at" && Number.isNaN(time.getTime())) return setFault("Enter a date and a time.");
    setIsWorking(true);
    const input = { collectionId: id, expiresAt: kind === "never" ? null : time.toISOString() };
    const { refusals } = await send(client, SetExpiryDocument, { input });
    setIsWorking(false);
    if (refusals !== null) return setFault(refusals[0]!.message);
    say(kind === "never" ? `${name} will not expire.` : `New expiry time saved for ${name}.`);
    onClose();
    onDone();
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={`Change when ${name} expires`}
      closeButtonProps={{ "aria-label": "Close" }}
      centered
    >
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void change();
        }}
      >
        <Radio.Group label="Expires" value={kind} onChange={(value) => setKind(value === "never" ? "never" : "at")}>
          <Group mt="xs" gap="md">
            <Radio value="at" label="At a set time" />
            <Radio value="never" label="Never" />
          </Group>
        </Radio.Group>
        {kind === "at" && (
          <TextInput
            type="datetime-local"
            label="Time"
            description="Must be in the future. Uses your time zone."
            value={at}
            error={fault}
            onChange={({ currentTarget }) => setAt(currentTarget.value)}
            data-autofocus
          />
        )}
        {kind === "never" && fault !== null && (
          <p className="tone-bad" role="alert">
            {fault}
          </p>
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={isWorking}>
            Save
          </Button>
        </Group>
      </form>
    </Modal>
  );
}

/** As the field takes it: such as 2026-03-01T09:30, in the reader's time zone. */
function localTime(at: string | null): string {
  const time = at === null ? new Date() : new Date(at);
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

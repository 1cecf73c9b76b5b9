import { Button, Group, Modal, TextInput } from "@mantine/core";
import { useState } from "react";
import { useClient } from "urql";
import { AcknowledgeDocument } from "../generated/operations.js";
import { useSay } from "../parts/said.js";
import type { Concern } from "./concerns.js";

interface AcknowledgeProps {
  readonly concern: Concern;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** Says that somebody knows of it, for those who look next. */
export function AcknowledgeDialog({ concern, onClose, onDone }: AcknowledgeProps) {
  const client = useClient();
  const say = useSay();
  const [word, setWord] = useState("");
  const [fault, setFault] = useState<string | null>(null);
  const acknowledge = async (): Promise<void> => {
    const { data, error } = await client
      .mutation(AcknowledgeDocument, { input: { itemId: concern.id, word } })
      .toPromise();
    const refused = error?.message ?? data?.acknowledge.userErrors[0]?.message;
    if (refused !== undefined) return setFault(refused);
    say("Acknowledged. Others can see your note.");
    onClose();
    onDone();
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={`Acknowledge: ${concern.title}`}
      closeButtonProps={{ "aria-label": "Close" }}
      centered
    >
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void acknowledge();
        }}
      >
        <p>{concern.message}</p>
        <p className="faint">
          {concern.kind === "FAILED_JOB"
            ? "The job no longer needs attention. The job itself does not change, and you can retry it later."
            : "The acknowledgement is kept until the problem is resolved."}
        </p>
        <TextInput
          label="Note"
          placeholder="For example: the supplier will resend them tomorrow"
          value={word}
          error={fault}
          required
          withAsterisk={false}
          maxLength={500}
          data-autofocus
          onChange={({ currentTarget }) => setWord(currentTarget.value)}
        />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit">Acknowledge</Button>
        </Group>
      </form>
    </Modal>
  );
}

import { Button, Group, Modal, Radio, TextInput } from "@mantine/core";
import { useState } from "react";
import { useClient } from "urql";
import { send } from "../api/send.js";
import { CancelTaskDocument, RetryTaskDocument, type RetryFrom } from "../generated/operations.js";
import { useReturnFocus } from "../parts/return-focus.js";
import { useSay } from "../parts/said.js";
import type { ShownTask } from "./shown-task.js";

export type TaskAction = "RETRY" | "CANCEL";

interface TaskOrderProps {
  readonly task: ShownTask;
  /** Null: closed. */
  readonly action: TaskAction | null;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** Retries or cancels the task, with a reason that its history keeps. */
export function TaskOrderDialog({ task, action, onClose, onDone }: TaskOrderProps) {
  useReturnFocus(action !== null);
  if (action === null) return null;
  return (
    <Modal
      opened
      onClose={onClose}
      title={action === "RETRY" ? "Retry this task" : "Cancel this task"}
      closeButtonProps={{ "aria-label": "Close" }}
      centered
    >
      <OrderForm task={task} action={action} onClose={onClose} onDone={onDone} />
    </Modal>
  );
}

function OrderForm({ task, action, onClose, onDone }: TaskOrderProps) {
  const client = useClient();
  const say = useSay();
  const [from, setFrom] = useState<RetryFrom>("FAILED_STAGE");
  const [reason, setReason] = useState("");
  const [fault, setFault] = useState<string | null>(null);
  const [isWorking, setIsWorking] = useState(false);
  const act = async (): Promise<void> => {
    setIsWorking(true);
    const input = { taskId: task.id, reason: reason.trim() || null };
    const { refusals } =
      action === "RETRY"
        ? await send(client, RetryTaskDocument, { input: { ...input, from } })
        : await send(client, CancelTaskDocument, { input });
    setIsWorking(false);
    onDone();
    if (refusals !== null) return setFault(refusals[0]!.message);
    say(action === "RETRY" ? "The task goes again." : "The task is asked to stop.");
    onClose();
  };
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        void act();
      }}
    >
      {action === "RETRY" ? (
        <>
          <p>{task.documentName ?? "The collection task"} goes again. A settled job is opened as its next run.</p>
          <Radio.Group label="From where" value={from} onChange={(value) => setFrom(value as RetryFrom)}>
            <Radio
              mt="xs"
              value="FAILED_STAGE"
              label={`The stage that failed${task.error?.stage ? `, ${task.error.stage}` : ""}`}
              description="The outputs of the stages before it are kept."
            />
            <Radio
              mt="xs"
              value="FIRST_STAGE"
              label="The first stage"
              description="Everything anew: choose this where the document itself was mended."
            />
          </Radio.Group>
        </>
      ) : (
        <p>The rest of its job goes on. What runs is asked to stop; what waits stops at once.</p>
      )}
      <TextInput
        label="Reason"
        description="Kept in the history."
        maxLength={1_000}
        value={reason}
        onChange={({ currentTarget }) => setReason(currentTarget.value)}
        error={fault}
        data-autofocus
      />
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={onClose}>
          Leave it
        </Button>
        <Button type="submit" loading={isWorking}>
          {action === "RETRY" ? "Retry" : "Cancel the task"}
        </Button>
      </Group>
    </form>
  );
}

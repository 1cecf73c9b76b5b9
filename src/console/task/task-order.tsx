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
      title={action === "RETRY" ? "Retry task" : "Cancel task"}
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
    say(action === "RETRY" ? "The task will run again." : "Cancel requested.");
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
          <p>
            {task.documentName ?? "The collection task"} will run again. If the job has settled, it reopens as a new
            run.
          </p>
          <Radio.Group label="Start from" value={from} onChange={(value) => setFrom(value as RetryFrom)}>
            <Radio
              mt="xs"
              value="FAILED_STAGE"
              label={`Failed stage${task.error?.stage ? `, ${task.error.stage}` : ""}`}
              description="Keeps the outputs of earlier stages."
            />
            <Radio
              mt="xs"
              value="FIRST_STAGE"
              label="First stage"
              description="Runs all stages again. Choose this if you fixed the document itself."
            />
          </Radio.Group>
        </>
      ) : (
        <p>The rest of the job continues. A waiting task stops immediately; a running task is asked to stop.</p>
      )}
      <TextInput
        label="Reason"
        description="Recorded in the history."
        maxLength={1_000}
        value={reason}
        onChange={({ currentTarget }) => setReason(currentTarget.value)}
        error={fault}
        data-autofocus
      />
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={onClose}>
          {action === "RETRY" ? "Cancel" : "Go back"}
        </Button>
        <Button type="submit" loading={isWorking}>
          {action === "RETRY" ? "Retry" : "Cancel task"}
        </Button>
      </Group>
    </form>
  );
}

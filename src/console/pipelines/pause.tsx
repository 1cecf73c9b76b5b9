import { Button, Group, Modal, TextInput } from "@mantine/core";
import { useState } from "react";
import { useClient } from "urql";
import { useApi } from "../api/api.js";
import { send } from "../api/send.js";
import { PausePipelineDocument, ResumePipelineDocument, type PipelinePartsFragment } from "../generated/operations.js";
import { ActButton, allowedTo } from "../parts/act-button.js";
import { count } from "../parts/format.js";
import { Icon } from "../parts/icons.js";
import { useReturnFocus } from "../parts/return-focus.js";
import { useSay } from "../parts/said.js";

interface PauseProps {
  readonly pipeline: PipelinePartsFragment;
  readonly onDone: () => void;
}

/** Pauses a pipeline, for a reason that everybody sees whose jobs wait for it; or lets it go on. */
export function PauseButton({ pipeline, onDone }: PauseProps) {
  const { viewer } = useApi();
  const client = useClient();
  const say = useSay();
  const [isOpen, setIsOpen] = useState(false);
  useReturnFocus(isOpen);
  const { name, paused } = pipeline;
  const admin = allowedTo(viewer.role, "ADMIN");
  const resume = async (): Promise<void> => {
    const { refusals } = await send(client, ResumePipelineDocument, { input: { pipeline: name } });
    if (refusals !== null) return say(refusals[0]!.message, true);
    say(`${name} resumed.`);
    onDone();
  };
  return (
    <>
      {paused ? (
        <ActButton
          size="compact-sm"
          variant="filled"
          permission={admin}
          leftSection={<Icon name="play" size={14} />}
          onClick={() => void resume()}
        >
          Resume<span className="for-readers"> {name}</span>
        </ActButton>
      ) : (
        <ActButton
          size="compact-sm"
          permission={admin}
          leftSection={<Icon name="pause" size={14} />}
          onClick={() => setIsOpen(true)}
        >
          Pause…<span className="for-readers"> {name}</span>
        </ActButton>
      )}
      {isOpen && <PauseDialog pipeline={pipeline} onClose={() => setIsOpen(false)} onDone={onDone} />}
    </>
  );
}

function PauseDialog({ pipeline, onClose, onDone }: PauseProps & { readonly onClose: () => void }) {
  const client = useClient();
  const say = useSay();
  const [reason, setReason] = useState("");
  const [fault, setFault] = useState<string | null>(null);
  const [isWorking, setIsWorking] = useState(false);
  const { name, running, queued } = pipeline;
  const pause = async (): Promise<void> => {
    setIsWorking(true);
    const { refusals } = await send(client, PausePipelineDocument, { input: { pipeline: name, reason } });
    setIsWorking(false);
    if (refusals !== null) return setFault(refusals[0]!.message);
    say(`${name} paused.`);
    onClose();
    onDone();
  };
  return (
    <Modal opened onClose={onClose} title={`Pause ${name}`} closeButtonProps={{ "aria-label": "Close" }} centered>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void pause();
        }}
      >
        <p>
          Workers start no more tasks of this pipeline until someone resumes it. Tasks that have started continue (
          {count(running)} running). Queued tasks ({count(queued)}) and new submissions wait.
        </p>
        <TextInput
          label="Reason"
          description="Shown to everyone whose jobs wait for this pipeline."
          placeholder="For example: the supplier's API is down until noon"
          value={reason}
          error={fault}
          required
          withAsterisk={false}
          maxLength={1_000}
          data-autofocus
          onChange={({ currentTarget }) => setReason(currentTarget.value)}
        />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={isWorking}>
            Pause
          </Button>
        </Group>
      </form>
    </Modal>
  );
}

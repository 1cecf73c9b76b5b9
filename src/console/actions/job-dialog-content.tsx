import { Button, Group, Modal, Radio, TextInput } from "@mantine/core";
import { useEffect, useState } from "react";
import { useClient } from "urql";
import type { RetryFrom } from "../generated/operations.js";
import { count, counted } from "../parts/format.js";
import { useSay } from "../parts/said.js";
import { Empty, Loading } from "../parts/states.js";
import { carryOut } from "./carry-out.js";
import { previewOf, type JobOrder, type Preview } from "./preview.js";

interface OpenJobDialogProps {
  readonly order: JobOrder;
  readonly onClose: () => void;
  /** Told the ids of the jobs that were refused, as far as they are known. */
  readonly onDone?: (refused: readonly string[]) => void;
}

/** So many refusals are told word for word. */
const MAX_SAID = 3;

/** The dialog once something is asked for. */
export function OpenJobDialog(props: OpenJobDialogProps) {
  return (
    <Modal
      opened
      onClose={props.onClose}
      title={props.order.action === "CANCEL" ? "Cancel jobs" : "Retry jobs"}
      closeButtonProps={{ "aria-label": "Close" }}
      centered
    >
      <Content {...props} />
    </Modal>
  );
}

function Content({ order: { action, target }, onClose, onDone }: OpenJobDialogProps) {
  const client = useClient();
  const say = useSay();
  const [preview, setPreview] = useState<Preview | Error | null>(null);
  const [reason, setReason] = useState("");
  const [from, setFrom] = useState<RetryFrom>("FAILED_STAGE");
  const [isWorking, setIsWorking] = useState(false);
  useEffect(() => {
    let isCurrent = true;
    previewOf(client, action, target).then(
      (found) => isCurrent && setPreview(found),
      (error: unknown) => isCurrent && setPreview(error instanceof Error ? error : new Error(String(error))),
    );
    return () => void (isCurrent = false);
  }, [client, action, target]);
  if (preview === null) return <Loading rows={2} />;
  if (preview instanceof Error) {
    return (
      <Empty icon="warning" title="Preview not available">
        {preview.message}
      </Empty>
    );
  }
  const go = async (): Promise<void> => {
    setIsWorking(true);
    // A filter may take more by now than was shown: no more is done than somebody has agreed to.
    if (target.kind === "filter" && preview.ids.length === 0) {
      const now = await previewOf(client, action, target).catch((error: unknown) =>
        error instanceof Error ? error : new Error(String(error)),
      );
      if (now instanceof Error || now.jobs > preview.jobs) {
        setIsWorking(false);
        setPreview(now);
        if (!(now instanceof Error))
          say(`The filter now matches ${counted(now.jobs, "job")}. No changes were made yet.`, true);
        return;
      }
    }
    const { said, faults, refusals, refused } = await carryOut(client, {
      action,
      target,
      preview,
      from,
      reason: reason.trim(),
    });
    if (said !== "") say(said);
    for (const [place, fault] of faults.slice(0, MAX_SAID).entries()) {
      const more = place === MAX_SAID - 1 ? refusals - MAX_SAID : 0;
      say(more > 0 ? `${fault} ${count(more)} more ${more === 1 ? "was" : "were"} rejected.` : fault, true);
    }
    onClose();
    onDone?.([...preview.refused.map(({ id }) => id), ...refused]);
  };
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        void go();
      }}
    >
      <Shows action={action} target={target} preview={preview} />
      {preview.jobs > 0 && (
        <>
          {action === "RETRY" && target.kind === "jobs" && (
            <Radio.Group label="Start from" value={from} onChange={(value) => setFrom(value as RetryFrom)}>
              <Group mt="xs" gap="md">
                <Radio value="FAILED_STAGE" label="Failed stage" />
                <Radio value="FIRST_STAGE" label="First stage" />
              </Group>
            </Radio.Group>
          )}
          <TextInput
            label="Reason"
            description="Recorded in the history."
            value={reason}
            maxLength={1_000}
            onChange={({ currentTarget }) => setReason(currentTarget.value)}
            data-autofocus
          />
        </>
      )}
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={onClose}>
          {preview.jobs === 0 ? "Close" : action === "CANCEL" ? "Go back" : "Cancel"}
        </Button>
        {preview.jobs > 0 && (
          <Button type="submit" loading={isWorking} color={action === "CANCEL" ? "red" : undefined}>
            {action === "CANCEL" ? "Cancel" : "Retry"} {counted(preview.jobs, "job")}
          </Button>
        )}
      </Group>
    </form>
  );
}

function Shows({ action, target, preview }: JobOrder & { readonly preview: Preview }) {
  const { jobs, documents, refused } = preview;
  const codes = target.kind === "jobs" && target.errorCodes ? ` with ${target.errorCodes.join(", ")}` : "";
  return (
    <div className="stack">
      {jobs === 0 ? (
        <p>No jobs will be changed.</p>
      ) : documents === null ? (
        <p>
          <strong>{counted(jobs, "job")}</strong> {jobs === 1 ? "matches" : "match"} the filter now. Jobs that can be{" "}
          {action === "RETRY" ? "retried" : "cancelled"} will be; the others will not change.
        </p>
      ) : (
        <p>
          <strong>{counted(documents, "document")}</strong>
          {codes} in {counted(jobs, "job")}{" "}
          {action === "RETRY" ? "will run again." : "will stop. Completed work is kept."}
        </p>
      )}
      {refused.length > 0 && (
        <div>
          <p>Skipped:</p>
          <ul className="reasons">
            {refused.map(({ id, name, why }) => (
              <li key={id}>
                <strong>{name}</strong>: {why}
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}

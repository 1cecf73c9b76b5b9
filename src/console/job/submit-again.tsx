import { Button, Group, Modal, Select, Textarea } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useClient } from "urql";
import { SubmitAgainDocument, type SubmitMode } from "../generated/operations.js";
import { useSay } from "../parts/said.js";
import type { ShownJob } from "./shown-job.js";

interface SubmitAgainProps {
  readonly job: ShownJob;
  readonly isOpen: boolean;
  readonly onClose: () => void;
}

/** Submits the collection once more, to the same pipeline, with the same options or others. */
export function SubmitAgainDialog({ job, isOpen, onClose }: SubmitAgainProps) {
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title={`Submit ${job.collection.name} again`}
      closeButtonProps={{ "aria-label": "Close" }}
      centered
    >
      <SubmitForm job={job} onClose={onClose} />
    </Modal>
  );
}

function SubmitForm({ job, onClose }: Omit<SubmitAgainProps, "isOpen">) {
  const client = useClient();
  const navigate = useNavigate();
  const say = useSay();
  const [options, setOptions] = useState(() => JSON.stringify(job.options, null, 2));
  const [mode, setMode] = useState<SubmitMode>(job.mode);
  const [fault, setFault] = useState<string | null>(null);
  const [isWorking, setIsWorking] = useState(false);
  // Sent twice, by a second click or after an answer that got lost, it makes one job.
  const [idempotencyKey] = useState(newKey);
  const submit = async (): Promise<void> => {
    const parsed = parsedOrFault(options);
    if ("fault" in parsed) return setFault(parsed.fault);
    setIsWorking(true);
    const { pipeline, priority, tags, collection } = job;
    const { data, error } = await client
      .mutation(SubmitAgainDocument, {
        input: { collectionId: collection.id, pipeline, mode, priority, tags, options: parsed.value, idempotencyKey },
      })
      .toPromise();
    setIsWorking(false);
    const refused = error?.message ?? data?.submitJob.userErrors[0]?.message;
    if (refused !== undefined) return setFault(refused);
    say(`${collection.name} is submitted.`);
    onClose();
    await navigate({ to: "/jobs/$id", params: { id: data!.submitJob.job!.id } });
  };
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <p>
        All documents of the collection go through <strong>{job.pipeline}</strong> as a new job.
      </p>
      <Select
        label="Mode"
        data={[
          { value: "FULL", label: "FULL: every document" },
          { value: "INCREMENTAL", label: "INCREMENTAL: only what has not been done before" },
        ]}
        value={mode}
        allowDeselect={false}
        onChange={(value) => setMode(value as SubmitMode)}
      />
      <Textarea
        label="Options"
        description="As JSON; what the pipeline does not take is refused, and nothing is submitted then."
        value={options}
        onChange={({ currentTarget }) => {
          setOptions(currentTarget.value);
          setFault(null);
        }}
        error={fault}
        rows={8}
        styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
        spellCheck={false}
      />
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={onClose}>
          Leave it
        </Button>
        <Button type="submit" loading={isWorking}>
          Submit
        </Button>
      </Group>
    </form>
  );
}

/** Random, also where the page is not served over HTTPS, where browsers have no randomUUID. */
function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function parsedOrFault(text: string): { readonly value: unknown } | { readonly fault: string } {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (error) {
    return { fault: `This is no JSON: ${error instanceof Error ? error.message : "it can't be read"}.` };
  }
}

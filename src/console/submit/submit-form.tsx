import { Button, Group, Select, TagsInput, TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useClient } from "urql";
import { useAsked } from "../api/ask.js";
import { send, type Refusal } from "../api/send.js";
import {
  PipelineChoicesDocument,
  SubmitJobDocument,
  type PipelineChoicesQuery,
  type SubmitMode,
} from "../generated/operations.js";
import { counted } from "../parts/format.js";
import { useSay } from "../parts/said.js";
import { Empty, Shown } from "../parts/states.js";
import { OptionsForm, type GivenOptions, type OptionFault } from "./options-form.js";
import type { SubmitOrder } from "./submit-order.js";

type Choice = PipelineChoicesQuery["pipelines"][number];

interface SubmitFormProps {
  readonly order: SubmitOrder;
  readonly onClose: () => void;
}

export function SubmitForm(props: SubmitFormProps) {
  const asked = useAsked(PipelineChoicesDocument, {});
  return (
    <Shown asked={asked}>
      {({ pipelines }) =>
        pipelines.length === 0 ? (
          <Empty title="This server has no pipelines">
            List your pipeline files in HEADWAY_PIPELINES and restart the server.
          </Empty>
        ) : (
          <Form {...props} pipelines={pipelines} />
        )
      }
    </Shown>
  );
}

interface Draft {
  readonly pipeline: string;
  readonly mode: SubmitMode;
  readonly options: GivenOptions;
  readonly priority: string;
  readonly tags: readonly string[];
  /** As an input of a time gives it; empty: at once. */
  readonly runAt: string;
}

/** What the server did not take: of the options by their name, of the rest without one. */
interface RefusedPart extends OptionFault {
  readonly isOptions: boolean;
}

function Form({ order, onClose, pipelines }: SubmitFormProps & { readonly pipelines: readonly Choice[] }) {
  const client = useClient();
  const navigate = useNavigate();
  const say = useSay();
  const { collection, documentIds, before } = order;
  const [draft, setDraft] = useState<Draft>(() => draftOf(order, pipelines));
  const [faults, setFaults] = useState<readonly RefusedPart[]>([]);
  const [isValid, setIsValid] = useState(true);
  const [isWorking, setIsWorking] = useState(false);
  // Sent twice, by a second click or after an answer that got lost, it makes one job. Other options are another order.
  const [key, setKey] = useState(newKey);
  const chosen = pipelines.find(({ name }) => name === draft.pipeline);
  const change = (part: Partial<Draft>): void => {
    setDraft({ ...draft, ...part });
    setFaults([]);
    setKey(newKey());
  };
  const submit = async (): Promise<void> => {
    setIsWorking(true);
    const { pipeline, mode, options, tags, runAt } = draft;
    const input = {
      collectionId: collection.id,
      documentIds: documentIds ? [...documentIds] : null,
      pipeline,
      mode,
      options,
      priority: Number(draft.priority || 0),
      tags: [...tags],
      runAt: runAt === "" ? null : new Date(runAt).toISOString(),
      idempotencyKey: key,
    };
    const { data, refusals } = await send(client, SubmitJobDocument, { input });
    setIsWorking(false);
    if (refusals !== null) return setFaults(refusals.map(partOf));
    say(`${collection.name} submitted.`);
    onClose();
    await navigate({ to: "/jobs/$id", params: { id: data.submitJob.job!.id }, search: {} });
  };
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (isValid) void submit();
      }}
    >
      <p>
        {documentIds ? counted(documentIds.length, "selected document") : "All documents of the collection"} will be
        processed in a new job.
      </p>
      <Select
        label="Pipeline"
        description={chosen && <AboutPipeline pipeline={chosen} />}
        data={pipelines.map(({ name, version }) => ({ value: name, label: `${name}, version ${version}` }))}
        value={draft.pipeline}
        allowDeselect={false}
        onChange={(value) => {
          const isBefore = value === before?.pipeline;
          change({ pipeline: value!, options: isBefore ? optionsIn(before.options) : {} });
          setIsValid(true);
        }}
      />
      <Select
        label="Mode"
        data={[
          { value: "FULL", label: "FULL: every document" },
          { value: "INCREMENTAL", label: "INCREMENTAL: skip documents that are already completed" },
        ]}
        value={draft.mode}
        allowDeselect={false}
        onChange={(value) => change({ mode: value as SubmitMode })}
      />
      {chosen && (
        <OptionsForm
          key={chosen.name}
          schema={chosen.optionsSchema}
          options={draft.options}
          onChange={(options) => change({ options })}
          faults={faults.filter(({ isOptions }) => isOptions)}
          onValid={setIsValid}
        />
      )}
      <details>
        <summary>Schedule, priority and tags</summary>
        <div className="stack options-more">
          <TextInput
            type="datetime-local"
            max="9999-12-31T23:59"
            label="Start after"
            description="Leave empty to start when a worker is free."
            value={draft.runAt}
            onChange={({ currentTarget }) => change({ runAt: currentTarget.value })}
          />
          <TextInput
            type="number"
            label="Priority"
            description="−100 to 100. Higher values run first."
            min={-100}
            max={100}
            step={1}
            value={draft.priority}
            onChange={({ currentTarget }) => change({ priority: currentTarget.value })}
          />
          <TagsInput
            label="Tags"
            description="Up to 50. Use tags to find the job later."
            maxTags={50}
            value={[...draft.tags]}
            onChange={(tags) => change({ tags })}
          />
        </div>
      </details>
      {faults
        .filter(({ isOptions }) => !isOptions)
        .map(({ message }) => (
          <p key={message} className="tone-bad" role="alert">
            {message}
          </p>
        ))}
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" loading={isWorking} disabled={!isValid}>
          Submit
        </Button>
      </Group>
    </form>
  );
}

function AboutPipeline({ pipeline }: { readonly pipeline: Choice }) {
  const { description, documentStages, collectionStages, paused, pausedReason } = pipeline;
  return (
    <>
      {description} Stages: {documentStages.join(", ")}
      {collectionStages.length > 0 && `, then for all documents together: ${collectionStages.join(", ")}`}.
      {paused && (
        <strong>
          {" "}
          This pipeline is paused{pausedReason === null ? "" : `: ${pausedReason}`}. New jobs wait until it is resumed.
        </strong>
      )}
    </>
  );
}

function partOf({ message, path }: Refusal): RefusedPart {
  const [, field, name = ""] = path.split(".");
  return { name, message, isOptions: field === "options" };
}

function draftOf({ before }: SubmitOrder, pipelines: readonly Choice[]): Draft {
  const { pipeline, mode = "FULL", options = {}, priority = 0, tags = [] } = before ?? {};
  const isKnown = pipelines.some(({ name }) => name === pipeline);
  const first = pipelines.find(({ name }) => name === "documents") ?? pipelines[0]!;
  return {
    pipeline: isKnown ? pipeline! : first.name,
    mode,
    options: isKnown ? optionsIn(options) : {},
    priority: priority === 0 ? "" : String(priority),
    tags,
    runAt: "",
  };
}

function optionsIn(options: unknown): GivenOptions {
  return typeof options === "object" && options !== null ? (options as GivenOptions) : {};
}

/** Random, also where the page is not served over HTTPS, where browsers have no randomUUID. */
function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

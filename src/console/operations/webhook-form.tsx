import { Checkbox, MultiSelect, TagsInput, TextInput } from "@mantine/core";
import { useState } from "react";
import { useClient } from "urql";
import { useAsked } from "../api/ask.js";
import { otherRefusals, refusalOf, send, type Refusal } from "../api/send.js";
import { MEANINGS } from "../generated/meanings.js";
import {
  CreateWebhookDocument,
  PipelineNamesDocument,
  UpdateWebhookDocument,
  type WebhookEvent,
  type WebhookPartsFragment,
} from "../generated/operations.js";
import { FormEnd } from "../parts/form-end.js";

const EVENTS: readonly WebhookEvent[] = ["JOB_SETTLED", "TASKS_FAILED", "JOB_STARTED", "COLLECTION_EXPIRED"];
const FIELDS = ["url", "events", "pipelines", "tags"];

interface FormProps {
  /** Null: a new one. */
  readonly webhook: WebhookPartsFragment | null;
  readonly onClose: () => void;
  /** Told the secret of a new one; null where one was changed. */
  readonly onDone: (secret: string | null) => void;
  readonly isWorking: boolean;
  readonly onWorking: (isWorking: boolean) => void;
}

/** Where a webhook leads, what it is told of, and of which jobs. */
export function WebhookForm({ webhook, onClose, onDone, isWorking, onWorking }: FormProps) {
  const client = useClient();
  const known = useAsked(PipelineNamesDocument, {}).data?.pipelines.map(({ name }) => name) ?? [];
  const [url, setUrl] = useState(webhook?.url ?? "");
  const [events, setEvents] = useState<readonly WebhookEvent[]>(webhook?.events ?? ["JOB_SETTLED", "TASKS_FAILED"]);
  const [pipelines, setPipelines] = useState<string[]>([...(webhook?.pipelines ?? [])]);
  const [tags, setTags] = useState<string[]>([...(webhook?.tags ?? [])]);
  const [refusals, setRefusals] = useState<readonly Refusal[]>([]);
  const save = async (): Promise<void> => {
    onWorking(true);
    const input = { url: url.trim(), events: [...events], pipelines: orNull(pipelines), tags: orNull(tags) };
    const { data, refusals: said } =
      webhook === null
        ? await send(client, CreateWebhookDocument, { input })
        : await send(client, UpdateWebhookDocument, { input: { webhookId: webhook.id, ...input } });
    onWorking(false);
    if (said !== null) return setRefusals(said);
    onDone("createWebhook" in data ? data.createWebhook.secret : null);
  };
  const other = otherRefusals(refusals, FIELDS);
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <TextInput
        label="URL"
        description="A public https: URL. Private hosts and http: URLs must be listed in HEADWAY_WEBHOOK_HOSTS."
        placeholder="https://app.example.com/hooks/headway"
        value={url}
        error={refusalOf(refusals, "url")}
        required
        withAsterisk={false}
        inputMode="url"
        spellCheck={false}
        data-autofocus
        onChange={({ currentTarget }) => setUrl(currentTarget.value)}
      />
      <Checkbox.Group
        label="Events"
        value={[...events]}
        error={refusalOf(refusals, "events")}
        onChange={(values) => setEvents(EVENTS.filter((one) => values.includes(one)))}
      >
        <div className="choices">
          {EVENTS.map((one) => (
            <Checkbox key={one} value={one} label={one} description={MEANINGS.WebhookEvent![one]} />
          ))}
        </div>
      </Checkbox.Group>
      <MultiSelect
        label="Only jobs of these pipelines"
        placeholder={pipelines.length > 0 ? undefined : "Any"}
        data={[...new Set([...known, ...pipelines])]}
        value={pipelines}
        error={refusalOf(refusals, "pipelines")}
        onChange={setPipelines}
        searchable
        clearable
      />
      <TagsInput
        label="Only jobs with all of these tags"
        placeholder={tags.length > 0 ? undefined : "Any"}
        value={tags}
        error={refusalOf(refusals, "tags")}
        onChange={setTags}
        clearable
      />
      <FormEnd
        fault={other}
        isWorking={isWorking}
        action={webhook === null ? "Add webhook" : "Save"}
        onLeave={onClose}
      />
    </form>
  );
}

function orNull(list: string[]): string[] | null {
  return list.length > 0 ? list : null;
}

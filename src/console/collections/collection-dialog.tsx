import { Button, Group, Modal, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { useClient } from "urql";
import { otherRefusals, refusalOf, send, type Refusal } from "../api/send.js";
import { CreateCollectionDocument, UpdateCollectionDocument } from "../generated/operations.js";
import { beginOf } from "../parts/days.js";
import { jsonIn } from "../parts/json-in.js";
import { useReturnFocus } from "../parts/return-focus.js";

/** What of a collection its maker says. */
export interface EditableCollection {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly metadata: unknown;
  readonly expiresAt: string | null;
}

interface CollectionDialogProps {
  /** What is changed; absent: a new one is made. */
  readonly collection?: EditableCollection;
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly onDone: (id: string) => void;
}

/** Makes a collection, or changes what its maker says of it. */
export function CollectionDialog(props: CollectionDialogProps) {
  useReturnFocus(props.isOpen);
  if (!props.isOpen) return null;
  return (
    <Modal
      opened
      onClose={props.onClose}
      title={props.collection ? `Edit ${props.collection.name}` : "New collection"}
      closeButtonProps={{ "aria-label": "Close" }}
      centered
    >
      <CollectionForm {...props} />
    </Modal>
  );
}

interface Draft {
  readonly name: string;
  readonly description: string;
  readonly metadata: string;
  /** A day in the reader's time zone; empty: never. */
  readonly expires: string;
}

const FIELDS: readonly (keyof Draft)[] = ["name", "description", "metadata", "expires"];

function CollectionForm({ collection, onClose, onDone }: CollectionDialogProps) {
  const client = useClient();
  const [opened] = useState(() => draftOf(collection));
  const [draft, setDraft] = useState(opened);
  const [refusals, setRefusals] = useState<readonly Refusal[]>([]);
  const [isWorking, setIsWorking] = useState(false);
  const change = (part: Partial<Draft>): void => {
    setDraft({ ...draft, ...part });
    setRefusals([]);
  };
  const save = async (): Promise<void> => {
    // What was not touched is not sent: somebody else may have changed it meanwhile.
    const touched = FIELDS.filter((field) => draft[field] !== opened[field]);
    if (collection && touched.length === 0) return onClose();
    const metadata = jsonIn(draft.metadata.trim() === "" ? "{}" : draft.metadata);
    if ("fault" in metadata) return setRefusals([{ path: "input.metadata", message: metadata.fault }]);
    const name = draft.name.trim();
    const description = draft.description.trim() || null;
    setIsWorking(true);
    const sent = collection
      ? await send(client, UpdateCollectionDocument, {
          input: {
            collectionId: collection.id,
            ...(touched.includes("name") ? { name } : {}),
            ...(touched.includes("description") ? { description } : {}),
            ...(touched.includes("metadata") ? { metadata: metadata.value } : {}),
            ...(touched.includes("expires") ? { expiresAt: draft.expires === "" ? null : beginOf(draft.expires) } : {}),
          },
        })
      : await send(client, CreateCollectionDocument, { input: { name, description, metadata: metadata.value } });
    setIsWorking(false);
    if (sent.refusals !== null) return setRefusals(sent.refusals);
    const { data } = sent;
    const done = "updateCollection" in data ? data.updateCollection : data.createCollection;
    onClose();
    onDone(done.collection!.id);
  };
  const other = otherRefusals(refusals, ["name", "description", "metadata", "expiresAt"]);
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <TextInput
        label="Name"
        description="Must be unique in the project."
        required
        withAsterisk={false}
        maxLength={500}
        data-autofocus
        value={draft.name}
        onChange={({ currentTarget }) => change({ name: currentTarget.value })}
        error={refusalOf(refusals, "name")}
      />
      <Textarea
        label="Description"
        rows={3}
        maxLength={10_000}
        value={draft.description}
        onChange={({ currentTarget }) => change({ description: currentTarget.value })}
        error={refusalOf(refusals, "description")}
      />
      <Textarea
        label="Metadata"
        description="A JSON object stored with the collection. Pipelines can read it."
        rows={4}
        spellCheck={false}
        styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
        value={draft.metadata}
        onChange={({ currentTarget }) => change({ metadata: currentTarget.value })}
        error={refusalOf(refusals, "metadata")}
      />
      {collection && (
        <TextInput
          type="date"
          max="9999-12-31"
          label="Expires"
          description="The contents are removed on this day. Leave empty to keep them."
          value={draft.expires}
          onChange={({ currentTarget }) => change({ expires: currentTarget.value })}
          error={refusalOf(refusals, "expiresAt")}
        />
      )}
      {other !== null && (
        <p className="tone-bad" role="alert">
          {other}
        </p>
      )}
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" loading={isWorking}>
          {collection ? "Save" : "Create"}
        </Button>
      </Group>
    </form>
  );
}

function draftOf(collection: EditableCollection | undefined): Draft {
  const { name = "", description = null, metadata = {}, expiresAt = null } = collection ?? {};
  const isEmpty = typeof metadata !== "object" || metadata === null || Object.keys(metadata).length === 0;
  return {
    name,
    description: description ?? "",
    metadata: isEmpty ? "" : JSON.stringify(metadata, null, 2),
    expires: dayOf(expiresAt),
  };
}

/** Such as 2026-03-01, in the reader's time zone. */
function dayOf(at: string | null): string {
  if (at === null) return "";
  const date = new Date(at);
  const two = (part: number): string => String(part).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

import { Button, Group, Modal, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { useClient } from "urql";
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
      title={props.collection ? `Change ${props.collection.name}` : "New collection"}
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

function CollectionForm({ collection, onClose, onDone }: CollectionDialogProps) {
  const client = useClient();
  const [draft, setDraft] = useState(() => draftOf(collection));
  const [fault, setFault] = useState<{ readonly field: string; readonly message: string } | null>(null);
  const [isWorking, setIsWorking] = useState(false);
  const change = (part: Partial<Draft>): void => {
    setDraft({ ...draft, ...part });
    setFault(null);
  };
  const send = async () => {
    const metadata = jsonIn(draft.metadata.trim() === "" ? "{}" : draft.metadata);
    if ("fault" in metadata) return { field: "metadata", message: metadata.fault };
    const input = { name: draft.name.trim(), description: draft.description.trim() || null, metadata: metadata.value };
    if (collection) {
      const { data, error } = await client
        .mutation(UpdateCollectionDocument, {
          input: { collectionId: collection.id, ...input, ...expiryOf(draft.expires, collection.expiresAt) },
        })
        .toPromise();
      return doneOr(error?.message, data?.updateCollection);
    }
    const { data, error } = await client.mutation(CreateCollectionDocument, { input }).toPromise();
    return doneOr(error?.message, data?.createCollection);
  };
  const save = async (): Promise<void> => {
    setIsWorking(true);
    const done = await send();
    setIsWorking(false);
    if (typeof done !== "string") return setFault(done);
    onClose();
    onDone(done);
  };
  const faultOfField = (field: string): string | undefined => (fault?.field === field ? fault.message : undefined);
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
        description="Unique in the project."
        required
        withAsterisk={false}
        maxLength={500}
        data-autofocus
        value={draft.name}
        onChange={({ currentTarget }) => change({ name: currentTarget.value })}
        error={faultOfField("name")}
      />
      <Textarea
        label="Description"
        rows={3}
        maxLength={10_000}
        value={draft.description}
        onChange={({ currentTarget }) => change({ description: currentTarget.value })}
        error={faultOfField("description")}
      />
      <Textarea
        label="Metadata"
        description="A JSON object that you want to keep with it; pipelines may read it."
        rows={4}
        spellCheck={false}
        styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
        value={draft.metadata}
        onChange={({ currentTarget }) => change({ metadata: currentTarget.value })}
        error={faultOfField("metadata")}
      />
      {collection && (
        <TextInput
          type="date"
          label="Expires"
          description="Its contents go on this day; empty: they are kept."
          value={draft.expires}
          onChange={({ currentTarget }) => change({ expires: currentTarget.value })}
          error={faultOfField("expiresAt")}
        />
      )}
      {fault && !["name", "description", "metadata", "expiresAt"].includes(fault.field) && (
        <p className="tone-bad" role="alert">
          {fault.message}
        </p>
      )}
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={onClose}>
          Leave it
        </Button>
        <Button type="submit" loading={isWorking}>
          {collection ? "Save" : "Make it"}
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

/** A day that was not touched keeps its hour. */
function expiryOf(day: string, before: string | null): { expiresAt?: string | null } {
  if (day === dayOf(before)) return {};
  return { expiresAt: day === "" ? null : beginOf(day) };
}

interface Payload {
  readonly collection: { readonly id: string } | null;
  readonly userErrors: readonly { readonly message: string; readonly path: readonly string[] | null }[];
}

/** The id of the collection, or what was wrong and with which field. */
function doneOr(message: string | undefined, payload: Payload | undefined) {
  if (message !== undefined) return { field: "", message };
  const [error] = payload?.userErrors ?? [];
  if (error) return { field: error.path?.[1] ?? "", message: error.message };
  return payload!.collection!.id;
}

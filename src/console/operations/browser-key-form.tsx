import { Checkbox, Group, MultiSelect, Radio, Select, TextInput } from "@mantine/core";
import { useState } from "react";
import { useClient } from "urql";
import { useAsked } from "../api/ask.js";
import { otherRefusals, refusalOf, send, type Refusal } from "../api/send.js";
import { MEANINGS } from "../generated/meanings.js";
import { CreateBrowserKeyDocument, PipelineNamesDocument, type BrowserPermission } from "../generated/operations.js";
import { CollectionSelect } from "../parts/collection-select.js";
import { FormEnd } from "../parts/form-end.js";

/** A key that has just been made, and when it ends. */
export interface MadeKey {
  readonly key: string;
  readonly expiresAt: string;
}

const PERMISSIONS: readonly BrowserPermission[] = ["READ", "UPLOAD", "SUBMIT", "RETRY", "CANCEL"];
/** These are for a collection, and not for a job. */
const OF_COLLECTIONS: ReadonlySet<BrowserPermission> = new Set(["UPLOAD", "SUBMIT"]);
const LIVES = [
  { value: "15", label: "15 minutes" },
  { value: "60", label: "1 hour" },
  { value: "480", label: "8 hours" },
  { value: "1440", label: "1 day" },
];
const FIELDS = ["collectionId", "jobId", "permissions", "pipelines", "expiresInMinutes"];

interface FormProps {
  readonly onClose: () => void;
  readonly onMade: (made: MadeKey) => void;
  readonly isWorking: boolean;
  readonly onWorking: (isWorking: boolean) => void;
}

/** What the key is for, what it may do there, and for how long. */
export function BrowserKeyForm({ onClose, onMade, isWorking, onWorking }: FormProps) {
  const client = useClient();
  const known = useAsked(PipelineNamesDocument, {}).data?.pipelines.map(({ name }) => name) ?? [];
  const [kind, setKind] = useState<"collection" | "job">("collection");
  const [collectionId, setCollectionId] = useState<string | undefined>(undefined);
  const [jobId, setJobId] = useState("");
  const [chosen, setChosen] = useState<readonly BrowserPermission[]>(["READ"]);
  const [pipelines, setPipelines] = useState<string[]>([]);
  const [minutes, setMinutes] = useState("60");
  const [refusals, setRefusals] = useState<readonly Refusal[]>([]);
  const offered = PERMISSIONS.filter((one) => kind === "collection" || !OF_COLLECTIONS.has(one));
  const permissions = chosen.filter((one) => offered.includes(one));
  const submits = permissions.includes("SUBMIT");
  const make = async (): Promise<void> => {
    if (kind === "collection" && collectionId === undefined)
      return setRefusals([{ path: "input.collectionId", message: "Select a collection." }]);
    onWorking(true);
    const input = {
      collectionId: kind === "collection" ? collectionId! : null,
      jobId: kind === "job" ? jobId.trim() : null,
      permissions: [...permissions],
      pipelines: submits ? pipelines : null,
      expiresInMinutes: Number(minutes),
    };
    const { data, refusals: said } = await send(client, CreateBrowserKeyDocument, { input });
    onWorking(false);
    if (said !== null) return setRefusals(said);
    onMade({ key: data.createBrowserKey.key!, expiresAt: data.createBrowserKey.expiresAt! });
  };
  const other = otherRefusals(refusals, FIELDS);
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        void make();
      }}
    >
      <Radio.Group label="Scope" value={kind} onChange={(value) => setKind(value === "job" ? "job" : "collection")}>
        <Group mt="xs" gap="md">
          <Radio value="collection" label="One collection" />
          <Radio value="job" label="One job" />
        </Group>
      </Radio.Group>
      {kind === "collection" ? (
        <CollectionSelect
          placeholder="Select a collection"
          id={collectionId}
          onChange={setCollectionId}
          error={refusalOf(refusals, "collectionId")}
        />
      ) : (
        <TextInput
          label="Job"
          placeholder="Job ID"
          value={jobId}
          error={refusalOf(refusals, "jobId")}
          required
          withAsterisk={false}
          onChange={({ currentTarget }) => setJobId(currentTarget.value)}
        />
      )}
      <Checkbox.Group
        label="Permissions"
        value={[...permissions]}
        error={refusalOf(refusals, "permissions")}
        onChange={(values) => setChosen(PERMISSIONS.filter((one) => values.includes(one)))}
      >
        <div className="choices">
          {offered.map((one) => (
            <Checkbox key={one} value={one} label={one} description={MEANINGS.BrowserPermission![one]} />
          ))}
        </div>
      </Checkbox.Group>
      {submits && (
        <MultiSelect
          label="Allowed pipelines"
          data={known}
          value={pipelines}
          error={refusalOf(refusals, "pipelines")}
          onChange={setPipelines}
          searchable
        />
      )}
      <Select
        label="Expiration"
        data={LIVES}
        value={minutes}
        error={refusalOf(refusals, "expiresInMinutes")}
        onChange={(value) => setMinutes(value ?? "60")}
        allowDeselect={false}
      />
      <FormEnd fault={other} isWorking={isWorking} action="Create key" onLeave={onClose} />
    </form>
  );
}

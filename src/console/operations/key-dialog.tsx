import { Radio, Select, TextInput } from "@mantine/core";
import { useState } from "react";
import { useClient } from "urql";
import { otherRefusals, refusalOf, send, type Refusal } from "../api/send.js";
import { MEANINGS } from "../generated/meanings.js";
import { CreateKeyDocument, type Role } from "../generated/operations.js";
import { FormEnd } from "../parts/form-end.js";
import { ShownOnce } from "../parts/shown-once.js";
import { SecretDialog } from "./secret-dialog.js";

interface KeyDialogProps {
  readonly onClose: () => void;
  readonly onMade: () => void;
}

const ROLES: readonly Role[] = ["VIEWER", "OPERATOR", "ADMIN"];
const LIVES = [
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
  { value: "365", label: "1 year" },
  { value: "", label: "No expiration" },
];

/** Makes a key for a service or a person, and shows it once. */
export function KeyDialog({ onClose, onMade }: KeyDialogProps) {
  const [key, setKey] = useState<string | null>(null);
  const [isWorking, setIsWorking] = useState(false);
  const close = (): void => {
    onClose();
    if (key !== null) onMade();
  };
  return (
    <SecretDialog
      title={key === null ? "Create key" : "Key created"}
      isWorking={isWorking}
      onClose={close}
      made={
        key && (
          <ShownOnce label="API key" secret={key}>
            Copy the key now: you can't view it again. If you lose it, revoke it and create another.
          </ShownOnce>
        )
      }
    >
      <KeyForm onClose={close} onKey={setKey} isWorking={isWorking} onWorking={setIsWorking} />
    </SecretDialog>
  );
}

interface KeyFormProps {
  readonly onClose: () => void;
  readonly onKey: (key: string) => void;
  readonly isWorking: boolean;
  readonly onWorking: (isWorking: boolean) => void;
}

function KeyForm({ onClose, onKey, isWorking, onWorking }: KeyFormProps) {
  const client = useClient();
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("OPERATOR");
  const [days, setDays] = useState("90");
  const [refusals, setRefusals] = useState<readonly Refusal[]>([]);
  const make = async (): Promise<void> => {
    onWorking(true);
    const input = { name, role, expiresInDays: days === "" ? null : Number(days) };
    const { data, refusals: said } = await send(client, CreateKeyDocument, { input });
    onWorking(false);
    if (said !== null) return setRefusals(said);
    onKey(data.createKey.key!);
  };
  const other = otherRefusals(refusals, ["name", "expiresInDays"]);
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        void make();
      }}
    >
      <TextInput
        label="Name"
        description="Shown in the history with every change made with this key."
        placeholder="For example: accounts department"
        value={name}
        error={refusalOf(refusals, "name")}
        required
        withAsterisk={false}
        maxLength={500}
        data-autofocus
        onChange={({ currentTarget }) => setName(currentTarget.value)}
      />
      <Radio.Group label="Role" value={role} onChange={(value) => setRole(value as Role)}>
        <div className="choices">
          {ROLES.map((one) => (
            <Radio key={one} value={one} label={one} description={MEANINGS.Role![one]} />
          ))}
        </div>
      </Radio.Group>
      <Select
        label="Expiration"
        data={LIVES}
        value={days}
        error={refusalOf(refusals, "expiresInDays")}
        onChange={(value) => setDays(value ?? "90")}
        allowDeselect={false}
      />
      <FormEnd fault={other} isWorking={isWorking} action="Create key" onLeave={onClose} />
    </form>
  );
}

import { Switch, Textarea } from "@mantine/core";
import { useState } from "react";
import { jsonIn } from "../parts/json-in.js";
import { optionFieldsOf } from "./option-fields.js";
import { OptionInput } from "./option-input.js";

/** The options that were given, by name; what is absent has its default. */
export type GivenOptions = Readonly<Record<string, unknown>>;

/** What the server did not take. */
export interface OptionFault {
  /** Of the option; empty where it is about all of them. */
  readonly name: string;
  readonly message: string;
}

interface OptionsFormProps {
  /** JSON Schema of the pipeline's options; null where it takes none. */
  readonly schema: unknown;
  readonly options: GivenOptions;
  readonly onChange: (options: GivenOptions) => void;
  readonly faults: readonly OptionFault[];
  /** Told whether all that is written can be sent. */
  readonly onValid: (isValid: boolean) => void;
}

/** The options of a pipeline as a form made from their schema, or as JSON. */
export function OptionsForm({ schema, options, onChange, faults, onValid }: OptionsFormProps) {
  const fields = optionFieldsOf(schema);
  const [isJson, setIsJson] = useState(fields === null);
  const [invalid, setInvalid] = useState<ReadonlySet<string>>(new Set());
  const [text, setText] = useState(() => JSON.stringify(options, null, 2));
  const [unread, setUnread] = useState<string | null>(null);
  if (schema === null || fields?.length === 0) return <p className="faint">This pipeline has no options.</p>;
  const note = (name: string, isValid: boolean): void => {
    const next = new Set(invalid);
    if (isValid) next.delete(name);
    else next.add(name);
    setInvalid(next);
    onValid(next.size === 0);
  };
  const write = (next: string): void => {
    setText(next);
    const read = jsonIn(next);
    const isObject =
      "value" in read && typeof read.value === "object" && read.value !== null && !Array.isArray(read.value);
    setUnread("fault" in read ? read.fault : isObject ? null : "Options must be a JSON object, such as {}.");
    onValid(isObject);
    if (isObject) onChange(read.value as GivenOptions);
  };
  const switchTo = (asJson: boolean): void => {
    setIsJson(asJson);
    setText(JSON.stringify(options, null, 2));
    setUnread(null);
    setInvalid(new Set());
    onValid(true);
  };
  const faultFor = (wanted: string): string | null =>
    faults
      .filter(({ name }) => name === wanted)
      .map(({ message }) => message)
      .join(" ") || null;
  const elsewhere = faults.filter(({ name }) => isJson || !fields?.some((field) => field.name === name));
  return (
    <fieldset className="options-form stack">
      <legend>Options</legend>
      {fields !== null && (
        <Switch
          size="xs"
          label="Edit as JSON"
          checked={isJson}
          onChange={({ currentTarget }) => switchTo(currentTarget.checked)}
        />
      )}
      {isJson ? (
        <Textarea
          label="Options as JSON"
          description="Omitted options use their defaults. If the pipeline rejects an option, nothing is submitted."
          rows={10}
          spellCheck={false}
          styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
          value={text}
          error={unread}
          onChange={({ currentTarget }) => write(currentTarget.value)}
        />
      ) : (
        fields?.map((field) => (
          <OptionInput
            key={field.name}
            field={field}
            value={options[field.name]}
            fault={faultFor(field.name)}
            onValid={(isValid) => note(field.name, isValid)}
            onChange={(value) => {
              const { [field.name]: _, ...others } = options;
              onChange(value === undefined ? others : { ...others, [field.name]: value });
            }}
          />
        ))
      )}
      {elsewhere.map(({ message }) => (
        <p key={message} className="tone-bad" role="alert">
          {message}
        </p>
      ))}
    </fieldset>
  );
}

import { Select, Switch, TagsInput, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { jsonIn } from "../parts/json-in.js";
import { rangeInWords, type OptionField } from "./option-fields.js";

interface OptionInputProps {
  readonly field: OptionField;
  /** What was given; undefined: the default stands. */
  readonly value: unknown;
  readonly onChange: (value: unknown) => void;
  /** What was wrong with it; null where nothing is known to be. */
  readonly fault: string | null;
  /** Told whether what is written there can be sent. */
  readonly onValid: (isValid: boolean) => void;
}

/** One option: by a switch, a choice, a number, a text or JSON, as its schema says. */
export function OptionInput(props: OptionInputProps) {
  const { field, value, onChange, fault } = props;
  const { name, kind, isRequired, schema } = field;
  const common = { label: name, error: fault, required: isRequired, withAsterisk: isRequired };
  const description = describe(field);
  if (kind === "switch") {
    return (
      <Switch
        label={name}
        description={description}
        error={fault}
        checked={Boolean(value ?? schema.default)}
        onChange={({ currentTarget }) => onChange(currentTarget.checked)}
      />
    );
  }
  if (kind === "choice") {
    return (
      <Select
        {...common}
        description={description}
        data={(schema.enum as readonly string[]).map((word) => ({ value: word, label: word }))}
        placeholder={wordOf(schema.default)}
        value={(value as string | undefined) ?? null}
        onChange={(word) => onChange(word ?? undefined)}
        clearable
      />
    );
  }
  if (kind === "texts") {
    return (
      <TagsInput
        {...common}
        description={description}
        placeholder="Press Enter after each value"
        value={(value as string[] | undefined) ?? []}
        onChange={(texts) => onChange(texts.length > 0 ? texts : undefined)}
        clearable
      />
    );
  }
  if (kind === "json") return <JsonInput {...props} />;
  return (
    <TextInput
      {...common}
      description={description}
      type={kind === "number" ? "number" : "text"}
      step={field.isWhole ? 1 : "any"}
      min={schema.minimum}
      max={schema.maximum}
      maxLength={schema.maxLength}
      placeholder={wordOf(schema.default)}
      value={value === undefined ? "" : `${value as string | number}`}
      onChange={({ currentTarget }) => {
        const text = currentTarget.value;
        if (text === "") onChange(undefined);
        else onChange(kind === "number" ? Number(text) : text);
      }}
    />
  );
}

/** Written as JSON, since it is an object or a list of them; it keeps what is written until that can be read. */
function JsonInput({ field, value, onChange, fault, onValid }: OptionInputProps) {
  const [text, setText] = useState(() => (value === undefined ? "" : JSON.stringify(value, null, 2)));
  const [unread, setUnread] = useState<string | null>(null);
  const write = (next: string): void => {
    setText(next);
    const read = next.trim() === "" ? { value: undefined } : jsonIn(next);
    setUnread("fault" in read ? read.fault : null);
    onValid(!("fault" in read));
    if (!("fault" in read)) onChange(read.value);
  };
  return (
    <Textarea
      label={field.name}
      description={`${describe(field)} Enter JSON.`}
      placeholder={wordOf(field.schema.default)}
      error={unread ?? fault}
      required={field.isRequired}
      withAsterisk={field.isRequired}
      rows={text === "" ? 1 : Math.min(10, text.split("\n").length + 1)}
      spellCheck={false}
      styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
      value={text}
      onChange={({ currentTarget }) => write(currentTarget.value)}
    />
  );
}

function describe({ schema, kind }: OptionField): string {
  return [schema.description, kind === "number" ? rangeInWords(schema) : ""].filter(Boolean).join(" ");
}

/** A default, as it would be written. */
function wordOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === "string" ? value : JSON.stringify(value);
}

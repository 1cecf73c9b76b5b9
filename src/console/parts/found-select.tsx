import { Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState } from "react";
import type { Fault } from "../api/fault.js";

/** Something with a name. */
interface Named {
  readonly id: string;
  readonly name: string;
}

export interface FoundNames {
  /** Undefined until the server has answered. */
  readonly found: readonly Named[] | undefined;
  readonly fault: Fault | null;
}

interface FoundSelectProps {
  readonly label: string;
  /** What is chosen; undefined: nothing. */
  readonly id: string | undefined;
  readonly onChange: (id: string | undefined) => void;
  /** Asks the server for what has the text in its name. Null: nobody has opened the list yet. */
  readonly useFound: (text: string | null) => FoundNames;
  /** The name of what is chosen, once it is known. */
  readonly useName: (id: string | undefined) => string | undefined;
  readonly nothing: string;
  /** What stands there while nothing is chosen. */
  readonly placeholder?: string;
}

const WAIT_MS = 200;

/** A choice among more than can be listed: the server finds them by a part of their name. */
export function FoundSelect({
  label,
  id,
  onChange,
  useFound,
  useName,
  nothing,
  placeholder = "Any",
}: FoundSelectProps) {
  const [text, setText] = useState("");
  const [isOpened, setOpened] = useState(false);
  const [wanted] = useDebouncedValue(text, WAIT_MS);
  const { found, fault } = useFound(isOpened ? wanted : null);
  const name = useName(id);
  const options = new Map(found?.map((one) => [one.id, one.name]));
  if (id !== undefined) options.set(id, name ?? id);
  return (
    <Select
      label={label}
      placeholder={placeholder}
      searchable
      clearable
      data={[...options].map(([value, shown]) => ({ value, label: shown }))}
      // The server has looked for the text already.
      filter={({ options: all }) => all}
      value={id ?? null}
      onChange={(value) => onChange(value ?? undefined)}
      onSearchChange={setText}
      onDropdownOpen={() => setOpened(true)}
      nothingFoundMessage={fault?.message ?? (found === undefined ? "Searching…" : nothing)}
      size="xs"
    />
  );
}

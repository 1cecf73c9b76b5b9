import { TextInput } from "@mantine/core";
import { useEffect, useEffectEvent, useState } from "react";

interface LateInputProps {
  readonly label: string;
  readonly value: string;
  /** Told once nobody has written for a moment. */
  readonly onChange: (value: string) => void;
}

const WAIT_MS = 250;

/** A text filter: the server is asked when somebody has stopped writing, not at each letter. */
export function LateInput({ label, value, onChange }: LateInputProps) {
  const [text, setText] = useState(value);
  const tell = useEffectEvent(onChange);
  // Cleared from outside, or by another address.
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return;
    const timer = setTimeout(() => tell(text), WAIT_MS);
    return () => clearTimeout(timer);
  }, [text, value]);
  return (
    <TextInput
      label={label}
      placeholder="any"
      value={text}
      onChange={({ currentTarget }) => setText(currentTarget.value)}
      size="xs"
    />
  );
}

import { TextInput } from "@mantine/core";
import { useEffect, useEffectEvent, useRef, useState } from "react";

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
  const told = useRef(value);
  // Cleared from outside, or by another address. What was told comes back too: more may have been written since.
  useEffect(() => {
    if (value === told.current) return;
    told.current = value;
    setText(value);
  }, [value]);
  useEffect(() => {
    if (text === told.current) return;
    const timer = setTimeout(() => {
      told.current = text;
      tell(text);
    }, WAIT_MS);
    return () => clearTimeout(timer);
  }, [text, value]);
  return (
    <TextInput
      label={label}
      placeholder="any"
      value={text}
      onChange={({ currentTarget }) => setText(currentTarget.value)}
      // At once: told later, it would undo the click on a link that takes somebody elsewhere.
      onBlur={() => {
        if (text === told.current) return;
        told.current = text;
        onChange(text);
      }}
      size="xs"
    />
  );
}

import { TextInput } from "@mantine/core";
import { useRouter } from "@tanstack/react-router";
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
  const router = useRouter();
  const [text, setText] = useState(value);
  const [left, setLeft] = useState(0);
  const tell = useEffectEvent(onChange);
  const told = useRef(value);
  // Cleared from outside, or by another address. What was told comes back too: more may have been written since.
  useEffect(() => {
    if (value === told.current) return;
    told.current = value;
    setText(value);
  }, [value]);
  // Whoever leaves the field for a link gets that long again: rows that changed under the pointer would take the click away.
  useEffect(() => {
    if (text === told.current) return;
    const { pathname } = router.latestLocation;
    const timer = setTimeout(() => {
      // Another screen is on its way; a filter of this one would call it back.
      if (router.latestLocation.pathname !== pathname) return;
      told.current = text;
      tell(text);
    }, WAIT_MS);
    return () => clearTimeout(timer);
  }, [text, value, left, router]);
  return (
    <TextInput
      label={label}
      placeholder="Any"
      value={text}
      onChange={({ currentTarget }) => setText(currentTarget.value)}
      onBlur={() => setLeft((times) => times + 1)}
      size="xs"
    />
  );
}

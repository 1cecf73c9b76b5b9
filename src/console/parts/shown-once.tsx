import { Button, TextInput } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { useEffect, useRef, type ReactNode } from "react";
import { Icon } from "./icons.js";

/** A secret that the server tells once: it stands on the page until its dialog is closed, and nowhere else. */
export function ShownOnce({
  label,
  secret,
  children,
}: {
  readonly label: string;
  readonly secret: string;
  readonly children: ReactNode;
}) {
  const { copy, copied, error } = useClipboard({ timeout: 4_000 });
  const copyButton = useRef<HTMLButtonElement>(null);
  // It takes the place of the form that had the focus.
  useEffect(() => copyButton.current?.focus(), []);
  return (
    <div className="stack">
      <div className="note tone-mixed" role="status">
        <Icon name="warning" />
        <div>
          <strong>This is shown only once.</strong> {children}
        </div>
      </div>
      <div className="secret">
        <TextInput
          label={label}
          value={secret}
          readOnly
          spellCheck={false}
          onFocus={({ currentTarget }) => currentTarget.select()}
        />
        <Button
          size="sm"
          variant={copied ? "light" : "filled"}
          leftSection={<Icon name={copied ? "check" : "copy"} size={14} />}
          onClick={() => copy(secret)}
          ref={copyButton}
        >
          {copied ? "Copied" : "Copy"}
        </Button>
      </div>
      {error !== null && (
        <p className="tone-bad" role="alert">
          The browser blocked copying. Select the field and copy the text with the keyboard.
        </p>
      )}
    </div>
  );
}

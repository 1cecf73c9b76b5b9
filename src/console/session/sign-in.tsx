import { Button, Checkbox, PasswordInput } from "@mantine/core";
import { useState } from "react";
import { Icon } from "../parts/icons.js";
import { useTitle } from "../parts/title.js";
import { signInWith, signOut, tryAgain } from "./session.js";

interface SignInProps {
  /** Why nobody has signed in; empty where nobody has tried. */
  readonly note: string;
  /** Whether a key is kept that may still be good: the server only did not answer. */
  readonly hasKey: boolean;
}

/** Asks for a key. */
export function SignInScreen({ note, hasKey }: SignInProps) {
  const [key, setKey] = useState("");
  const [keep, setKeep] = useState(false);
  const [isBusy, setIsBusy] = useState(false);
  useTitle("Sign in");
  const during = async (work: Promise<void>): Promise<void> => {
    setIsBusy(true);
    await work;
    setIsBusy(false);
  };
  return (
    <main className="sign-in">
      <form
        className="sign-in-form stack"
        onSubmit={(event) => {
          event.preventDefault();
          void during(signInWith(key.trim(), keep));
        }}
      >
        <h1>
          <Icon name="mark" size={24} /> Headway
        </h1>
        <p role="status" className={note === "" ? "" : "note tone-bad"}>
          {note}
        </p>
        {hasKey && (
          <div className="stack">
            <Button type="button" loading={isBusy} onClick={() => void during(tryAgain())}>
              Try again
            </Button>
            <Button type="button" variant="default" onClick={() => signOut()}>
              Use another key
            </Button>
          </div>
        )}
        {!hasKey && (
          <>
            <PasswordInput
              label="API key"
              name="key"
              placeholder="hw_…"
              autoComplete="off"
              spellCheck={false}
              required
              withAsterisk={false}
              autoFocus
              value={key}
              onChange={({ currentTarget }) => setKey(currentTarget.value)}
              visibilityToggleButtonProps={{ "aria-label": "Show key", tabIndex: 0 }}
            />
            <Checkbox
              label="Stay signed in on this browser"
              description="Otherwise, the key is kept only until you close this tab."
              checked={keep}
              onChange={({ currentTarget }) => setKeep(currentTarget.checked)}
            />
            <Button type="submit" loading={isBusy}>
              Sign in
            </Button>
            <p className="faint">
              No key? On the server machine, <code>npx headway-api open</code> prints a link that signs in, and{" "}
              <code>npx headway-api keys create --name N --role OPERATOR</code> creates a key.
            </p>
          </>
        )}
      </form>
    </main>
  );
}

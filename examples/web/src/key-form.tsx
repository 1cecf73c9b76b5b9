import { useId, useState, type FormEvent } from "react";
import { takeKey } from "./session";

/** Takes a new key. A page of your own asks the service behind it for one instead, before the old one ends. */
export function KeyForm() {
  const id = useId();
  const [isRefused, setIsRefused] = useState(false);
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const given = new FormData(event.currentTarget).get("key") as string;
    setIsRefused(!takeKey(given.trim()));
  };
  return (
    <form onSubmit={submit} className="row">
      <label htmlFor={id}>New link or key</label>
      <input
        id={id}
        name="key"
        required
        autoComplete="off"
        spellCheck={false}
        aria-invalid={isRefused}
        aria-describedby={`${id}-refused`}
      />
      <button type="submit">Go on</button>
      <span id={`${id}-refused`} role="alert">
        {isRefused && "This is neither a link of npm run key, for a server that this page knows, nor a key (hw_…)."}
      </span>
    </form>
  );
}

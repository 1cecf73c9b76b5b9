import { createContext, use, useCallback, useMemo, useState, type ReactNode } from "react";
import { Icon } from "./icons.js";

/** What the page has just done, or could not do. */
interface Saying {
  readonly id: number;
  readonly text: string;
  readonly isFault: boolean;
}
type Say = (text: string, isFault?: boolean) => void;

const SayContext = createContext<Say>(() => undefined);
const SHOWN_MS = 8_000;

/** Tells what came of something, at the edge of the screen and to screen readers. Faults stay until they are closed. */
export function useSay(): Say {
  return use(SayContext);
}

export function SayProvider({ children }: { readonly children: ReactNode }) {
  const [sayings, setSayings] = useState<readonly Saying[]>([]);
  const close = useCallback((id: number) => setSayings((all) => all.filter((one) => one.id !== id)), []);
  const say = useMemo<Say>(() => {
    let last = 0;
    return (text, isFault = false) => {
      const id = (last += 1);
      setSayings((all) => [...all.slice(-3), { id, text, isFault }]);
      if (!isFault) setTimeout(() => close(id), SHOWN_MS);
    };
  }, [close]);
  return (
    <SayContext value={say}>
      {children}
      <div className="sayings" role="status" aria-live="polite">
        {sayings.map(({ id, text, isFault }) => (
          <div key={id} className={`saying ${isFault ? "tone-bad" : "tone-good"}`}>
            <Icon name={isFault ? "warning" : "check"} />
            <span>{text}</span>
            <button type="button" className="plain" aria-label="Dismiss" onClick={() => close(id)}>
              <Icon name="cross" size={14} />
            </button>
          </div>
        ))}
      </div>
    </SayContext>
  );
}

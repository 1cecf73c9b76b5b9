import { useEffect, useEffectEvent } from "react";

/** While somebody looks, and at once when somebody looks again. */
export function useEvery(ms: number, action: () => void): void {
  const act = useEffectEvent(action);
  useEffect(() => {
    let lookedAt = Date.now();
    const look = (): void => {
      if (document.hidden || Date.now() - lookedAt < ms - 50) return;
      lookedAt = Date.now();
      act();
    };
    const timer = setInterval(look, ms);
    document.addEventListener("visibilitychange", look);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }, [ms]);
}

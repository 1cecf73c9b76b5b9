import { useEffect } from "react";

/** Gives the focus back to what had it before, once something that took it has closed. */
export function useReturnFocus(isOpen: boolean): void {
  useEffect(() => {
    if (!isOpen) return;
    const before = document.activeElement;
    return () => {
      setTimeout(() => before instanceof HTMLElement && before.isConnected && before.focus({ preventScroll: true }));
    };
  }, [isOpen]);
}

import { useNavigate } from "@tanstack/react-router";
import { useEffect, useEffectEvent } from "react";

/** What the keyboard does beside Tab, Enter and the arrow keys. */
export const SHORTCUTS: readonly (readonly [keys: string, does: string])[] = [
  ["g n", "Go to Now"],
  ["g j", "Go to Jobs"],
  ["g c", "Go to Collections"],
  ["g w", "Go to Workers"],
  ["g p", "Go to Pipelines"],
  ["g o", "Go to Operations"],
  ["g e", "Go to Explore"],
  ["/", "Go to the filters of the screen"],
  ["p", "Pause or resume live updates, in Jobs and in logs"],
  ["?", "Show this help"],
];

/** How long after "g" the next key still belongs to it. */
const CHORD_MS = 1_500;

export function useShortcuts(onHelp: () => void): void {
  const navigate = useNavigate();
  const help = useEffectEvent(onHelp);
  useEffect(() => {
    let goneAt = 0;
    const press = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) return;
      if (document.querySelector('[role="dialog"]')) return;
      const isSecond = Date.now() - goneAt < CHORD_MS;
      goneAt = event.key === "g" ? Date.now() : 0;
      if (isSecond && event.key === "n") void navigate({ to: "/" });
      else if (isSecond && event.key === "j") void navigate({ to: "/jobs" });
      else if (isSecond && event.key === "c") void navigate({ to: "/collections" });
      else if (isSecond && event.key === "w") void navigate({ to: "/workers" });
      else if (isSecond && event.key === "p") void navigate({ to: "/pipelines" });
      else if (isSecond && event.key === "o") void navigate({ to: "/operations" });
      else if (isSecond && event.key === "e") void navigate({ to: "/explore" });
      else if (event.key === "?") help();
      else if (event.key === "/") focusFilter(event);
      else if (event.key === "p") document.querySelector<HTMLElement>("[data-shortcut=p]")?.click();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [navigate]);
}

function focusFilter(event: KeyboardEvent): void {
  const field = document.querySelector<HTMLElement>("[data-shortcut='/'] input, input[data-shortcut='/']");
  if (!field) return;
  event.preventDefault();
  field.focus();
}

function isWriting(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

import { permissionsOf } from "../access/keys.js";
import { UserFault } from "../errors.js";
import type { Actor } from "./engine.js";
import type { Faults } from "./input.js";

/** Whether the actor's key has been made without READ: what it is refused tells nothing of what is there. */
export function isBlind({ scope }: Actor): boolean {
  return Boolean(scope) && !permissionsOf(scope!).includes("READ");
}

/** Why something is refused, to who may read it; else only that it is. */
export function whyTo(actor: Actor, why: string, toTheBlind: string): string {
  return isBlind(actor) ? toTheBlind : why;
}

/** Refuses another collection than the key's own, as if there were none. */
export function checkCollection({ scope }: Actor, collectionId: string, faults: Faults): void {
  if (!scope || collectionId === scope.collectionId) return;
  faults.add(new UserFault("NOT_FOUND", `There is no collection ${collectionId}.`, ["collectionId"]));
}

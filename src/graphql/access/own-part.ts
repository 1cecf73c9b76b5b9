import { UserFault } from "../../errors.js";
import type { GraphContext } from "../context.js";

/** Sees that a job or task lies in the part that the key is for, before anything is locked. @throws {UserFault} NOT_FOUND */
export async function assertSeen(
  { principal, loaders }: GraphContext,
  noun: "job" | "task",
  id: string,
): Promise<void> {
  if (principal.scope === null || (await loaders[noun].load(id)) !== null) return;
  throw new UserFault("NOT_FOUND", `There is no ${noun} ${id}.`, [`${noun}Id`]);
}

import { isUuid } from "../engine/input.js";
import { BadInput } from "../errors.js";

/** @throws {BadInput} naming the field */
export function uuid(value: string, field: string): string {
  if (isUuid(value)) return value.toLowerCase();
  throw new BadInput(`${field}: "${value.slice(0, 100)}" is not an ID; IDs are UUIDs.`, { field });
}

/** As `uuid`, where the value may be absent. */
export function optionalUuid(value: string | null | undefined, field: string): string | null {
  return value === null || value === undefined ? null : uuid(value, field);
}

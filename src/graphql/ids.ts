import { BadInput } from "../errors.js";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** @throws {BadInput} naming the field */
export function uuid(value: string, field: string): string {
  if (UUID.test(value)) return value.toLowerCase();
  throw new BadInput(`${field}: "${value.slice(0, 100)}" is no id; ids are uuids.`, { field });
}

/** As `uuid`, where the value may be absent. */
export function optionalUuid(value: string | null | undefined, field: string): string | null {
  return value === null || value === undefined ? null : uuid(value, field);
}

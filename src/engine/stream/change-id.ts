import type { StatusChange } from "../../model/status-change.js";

/** Where a change stands, the transaction that wrote it and its number among all changes, and which change that is. */
export type ChangePlace = Pick<StatusChange, "tx" | "position" | "mark">;

/** Hexadecimal digits of each of the two numbers; at 10,000 changes a second they last for 890 years. */
const DIGITS = 12;
/** After a restore other changes come to the same places: one in 16 million has the id of one that was lost. */
const MARK_DIGITS = 6;
/** A uuid of version 8, which is for what an application makes of its own data. */
const PATTERN = /^([0-9a-f]{8})-([0-9a-f]{4})-8([0-9a-f]{3})-8([0-9a-f]{3})-([0-9a-f]{6})([0-9a-f]{6})$/;

/** The id of a change: its place as a uuid, so that the history keeps no id and no index of ids. */
export function changeId({ tx, position, mark }: ChangePlace): string {
  const [t, p] = [digits(tx), digits(position)];
  return `${t.slice(0, 8)}-${t.slice(8)}-8${p.slice(0, 3)}-8${p.slice(3, 6)}-${p.slice(6)}${mark.slice(-MARK_DIGITS)}`;
}

/** The place that an id was made of, with the end of its mark; null where it is the id of something else. */
export function placeOfChange(id: string): ChangePlace | null {
  const found = PATTERN.exec(id);
  if (!found) return null;
  const [, a, b, c, d, e, mark] = found;
  return { tx: BigInt(`0x${a}${b}`).toString(), position: BigInt(`0x${c}${d}${e}`).toString(), mark: mark! };
}

const digits = (number: string): string => BigInt(number).toString(16).padStart(DIGITS, "0");

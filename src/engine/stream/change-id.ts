/** Where a change stands: the transaction that wrote it, and its number among all changes. */
export interface ChangePlace {
  readonly tx: string;
  readonly position: string;
}

/** Hexadecimal digits of each of the two; at a million a second they last for 36,000 years. */
const DIGITS = 15;
/** A uuid of version 8, which is for what an application makes of its own data. */
const PATTERN = /^([0-9a-f]{8})-([0-9a-f]{4})-8([0-9a-f]{3})-8([0-9a-f]{3})-([0-9a-f]{12})$/;

/** The id of a change: its place as a uuid, so that the history keeps no id and no index of ids. */
export function changeId({ tx, position }: ChangePlace): string {
  const [t, p] = [digits(tx), digits(position)];
  return `${t.slice(0, 8)}-${t.slice(8, 12)}-8${t.slice(12)}-8${p.slice(0, 3)}-${p.slice(3)}`;
}

/** The place that an id was made of; null where it is the id of something else. */
export function placeOfChange(id: string): ChangePlace | null {
  const found = PATTERN.exec(id);
  if (!found) return null;
  const [, a, b, c, d, e] = found;
  return { tx: BigInt(`0x${a}${b}${c}`).toString(), position: BigInt(`0x${d}${e}`).toString() };
}

const digits = (number: string): string => BigInt(number).toString(16).padStart(DIGITS, "0");

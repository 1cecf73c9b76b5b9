import type { Block } from "../blocks/block.js";
import { assertBlockCount, factsOf, readText, type ParseAid, type Parsed } from "./parsed.js";

interface Property {
  readonly name: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly value: string;
}
interface Component {
  readonly kind: string;
  readonly properties: Property[];
}

const MAX_HEAD_BYTES = 1_000_000;
/** What is read of a calendar; alarms, time zones and busy times say nothing that a reader looks for. */
const READ: ReadonlySet<string> = new Set(["VEVENT", "VTODO", "VJOURNAL"]);
const OUTER = "VCALENDAR";
const LABELS: readonly (readonly [name: string, label: string])[] = [
  ["DTSTART", "Begins"],
  ["DTEND", "Ends"],
  ["DUE", "Due"],
  ["DURATION", "Lasts"],
  ["RRULE", "Repeats"],
  ["LOCATION", "Where"],
  ["ORGANIZER", "Organizer"],
  ["ATTENDEE", "Attendee"],
  ["STATUS", "Status"],
  ["CATEGORIES", "Categories"],
  ["URL", "Address"],
];

/** Each event or task of an iCalendar file (ics): what it is called, its times as written with their zone, who, where, and what is said of it. */
export async function parseCalendar(bytes: Uint8Array, name: string, aid: ParseAid): Promise<Parsed> {
  // Old calendars say it with each value.
  const declared = /;CHARSET="?([\w.:-]+)/i.exec(
    Buffer.from(bytes.subarray(0, MAX_HEAD_BYTES)).toString("latin1"),
  )?.[1];
  const { text, encoding } = readText(bytes, name, aid, declared);
  const { components, calendar, isDamaged } = componentsOf(text);
  if (isDamaged) {
    aid.warn(
      "PART_UNREAD",
      `${name} breaks off or is damaged: something in it begins without an end, or ends without a beginning.`,
      { count: 1 },
    );
  }
  const blocks: Block[] = [];
  for (const component of components) {
    for (const block of blocksOf(component)) blocks.push(block);
    assertBlockCount(blocks.length);
  }
  const valueOf = (wanted: string): string | undefined => calendar.find((one) => one.name === wanted)?.value;
  const metadata = {
    title: valueOf("X-WR-CALNAME"),
    description: valueOf("X-WR-CALDESC"),
    producer: valueOf("PRODID"),
  };
  return { blocks, metadata: factsOf({ encoding, events: components.length, ...metadata }) };
}

interface Calendar {
  readonly components: Component[];
  /** Of the calendar itself. */
  readonly calendar: Property[];
  readonly isDamaged: boolean;
}

function componentsOf(text: string): Calendar {
  const components: Component[] = [];
  const calendar: Property[] = [];
  const open: Component[] = [];
  let isDamaged = false;
  for (const line of linesOf(text)) {
    const property = propertyOf(line);
    if (property === null) continue;
    const value = property.value.trim().toUpperCase();
    if (property.name === "BEGIN") {
      const component = { kind: value, properties: [] };
      if (READ.has(value)) components.push(component);
      open.push(component);
    } else if (property.name === "END") {
      const begun = open.findLastIndex(({ kind }) => kind === value);
      isDamaged ||= begun !== open.length - 1 || begun < 0;
      // What ends although it never began ends nothing.
      if (begun >= 0) open.length = begun;
    } else {
      const inner = open.at(-1);
      (inner === undefined || inner.kind === OUTER ? calendar : inner.properties).push(property);
    }
  }
  return { components, calendar, isDamaged: isDamaged || open.length > 0 };
}

/** Lines that go on begin with a blank; in the old version with quoted-printable they end with "=". */
function linesOf(text: string): string[] {
  return text
    .replace(/^\uFEFF/, "")
    .replace(/\r\n?/g, "\n")
    .replace(/\n[ \t]/g, "")
    .replace(/^([^\n:]*ENCODING=QUOTED-PRINTABLE[^\n]*(?:=\n[^\n]*)*)/gim, (whole) => whole.replaceAll("=\n", ""))
    .split("\n");
}

function propertyOf(line: string): Property | null {
  const found =
    /^(?:[\w-]+\.)?([\w-]{1,60})((?:;[\w-]{1,60}(?:=(?:"[^"]*"|[^";:,]*)(?:,(?:"[^"]*"|[^";:,]*))*)?)*):([\s\S]*)$/.exec(
      line,
    );
  if (!found) return null;
  const parameters = new Map(
    [...found[2]!.matchAll(/;([\w-]+)(?:=((?:"[^"]*"|[^";:])*))?/g)].map(([, key, value = ""]) => [
      key!.toUpperCase(),
      value.replaceAll('"', ""),
    ]),
  );
  const value = /QUOTED-PRINTABLE/i.test(parameters.get("ENCODING") ?? "") ? unquoted(found[3]!) : found[3]!;
  return { name: found[1]!.toUpperCase(), parameters, value };
}

function unquoted(value: string): string {
  const bytes = value.replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}

function blocksOf({ kind, properties }: Component): Block[] {
  const valuesOf = (wanted: string): Property[] => properties.filter(({ name }) => name === wanted);
  const lines = LABELS.flatMap(([name, label]) =>
    valuesOf(name).flatMap((property) => {
      const shown = shownValue(property);
      return shown === "" ? [] : [`${label}: ${shown}`];
    }),
  );
  const title =
    plain(valuesOf("SUMMARY")[0]?.value ?? "") || (kind === "VTODO" ? "Task" : kind === "VJOURNAL" ? "Note" : "Event");
  const said = [...valuesOf("DESCRIPTION"), ...valuesOf("COMMENT")].map(({ value }) => plain(value)).filter(Boolean);
  return [
    { kind: "heading", level: 2, text: title },
    ...(lines.length > 0 ? [{ kind: "lines", text: lines.join("\n") } as Block] : []),
    ...said.map((text): Block => ({ kind: "lines", text })),
  ];
}

function shownValue({ name, parameters, value }: Property): string {
  if (name === "DTSTART" || name === "DTEND" || name === "DUE") return time(value, parameters.get("TZID"));
  if (name !== "ORGANIZER" && name !== "ATTENDEE") return plain(value);
  const address = value.replace(/^mailto:/i, "").trim();
  const person = parameters.get("CN")?.trim();
  return person && person !== address ? `${person} <${address}>` : address;
}

/** As written, with its zone; no zone is invented. */
function time(value: string, zone: string | undefined): string {
  const found = /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)?(Z)?)?$/i.exec(value.trim());
  if (!found) return plain(value);
  const [, year, month, day, hour, minute, , utc] = found;
  const date = `${year}-${month}-${day}`;
  return hour === undefined ? date : `${date} ${hour}:${minute}${utc ? " UTC" : zone ? ` (${zone})` : ""}`;
}

function plain(value: string): string {
  return value.replace(/\\([nN,;\\])/g, (_, letter: string) => (letter.toLowerCase() === "n" ? "\n" : letter)).trim();
}

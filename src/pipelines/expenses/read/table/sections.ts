import { leadingDate, readDate } from "../../dates.js";
import { readAmount } from "../../money.js";
import { rowText, type Cell, type Row } from "../../shapes.js";
import { guessPlaces, SAME_EDGE, type Place } from "./guess-columns.js";
import { roleOfHeading, type ColumnRole } from "./headings.js";
import { isSettled } from "./words.js";

/** A row with its cells by column; "" where it has none. */
export interface GridRow {
  readonly row: Row;
  readonly texts: readonly string[];
  /** What stands below it on a page and belongs to it. */
  readonly below: string[];
}

/** Rows under one heading, or without any. */
export interface Section {
  readonly places: readonly Place[];
  readonly hasHeading: boolean;
  readonly isPage: boolean;
  readonly rows: readonly GridRow[];
  /** Rows between the last section and this one's heading. */
  readonly above: readonly Row[];
}

const MONEY: readonly ColumnRole[] = ["amount", "debit", "credit", "net", "balance"];
const WHAT: readonly ColumnRole[] = ["date", "posted", "description", "merchant"];
const MAX_COLUMNS = 60;

/** Parts rows at their headings, wherever they begin and however often they are repeated. */
export function sectionsOf(rows: readonly Row[], isPage: boolean): Section[] {
  const sections: Section[] = [];
  let above: Row[] = [];
  let places: readonly Place[] | null = null;
  let own: Row[] = [];
  const close = (): void => {
    if (places) sections.push(sectionFrom(places, own, { above, isPage, hasHeading: true }));
    if (places) above = [];
    own = [];
  };
  for (let at = 0; at < rows.length; at += 1) {
    const heading = headingAt(rows, at, isPage);
    if (heading) {
      close();
      places = heading.places;
      at += heading.rows - 1;
    } else (places ? own : above).push(rows[at]!);
  }
  close();
  if (sections.some((section) => section.rows.some(hasFigures))) return sections;
  if (sections.length > 0 && sections.every((section) => section.rows.length === 0)) return sections;
  const guessed = guessPlaces(rows, isPage);
  if (guessed === null) return [];
  const beside = isPage ? rowsBeside(rows, guessed) : [];
  const within = rows.filter((row) => !beside.includes(row));
  return [sectionFrom(guessed, within, { above: beside, isPage, hasHeading: false })];
}

/** Rows of a page whose day stands where the lines have none: they are of the page's head. */
function rowsBeside(rows: readonly Row[], places: readonly Place[]): Row[] {
  const isAt = (cell: Cell, { left, right }: Place): boolean =>
    Math.min(Math.abs(left - cell.left), Math.abs(right - cell.right)) <= SAME_EDGE;
  const dated = rows.flatMap((row) => {
    const days = row.cells.filter(({ text }) => readDate(text) !== null);
    return days.length > 0 ? [{ row, days }] : [];
  });
  const ofDays = places.filter(
    (place) => dated.filter(({ days }) => days.some((day) => isAt(day, place))).length * 2 > dated.length,
  );
  if (ofDays.length === 0) return [];
  return dated.flatMap(({ row, days }) => (days.some((day) => ofDays.some((place) => isAt(day, place))) ? [] : [row]));
}

function hasFigures({ row: { cells } }: GridRow): boolean {
  const isDated = ({ text }: Cell): boolean =>
    readDate(text) !== null || leadingDate(text) !== null || isSettled(text) === false;
  return cells.some(isDated) && cells.some(({ text }) => readAmount(text) !== null);
}

interface Heading {
  readonly places: readonly Place[];
  /** 2 where a heading is printed in two lines. */
  readonly rows: number;
}

function headingAt(rows: readonly Row[], at: number, isPage: boolean): Heading | null {
  const row = rows[at]!;
  const next = rows[at + 1];
  if (isPage) {
    const two = next && !isHeading(next.cells) && next.gap !== null && next.gap < 2 ? merged(row, next) : null;
    if (two && isHeading(two) && rankOf(two) > rankOf(row) && isHeadingLike(next!))
      return { places: two.map(toPlace), rows: 2 };
    return isHeading(row.cells) ? { places: row.cells.map(toPlace), rows: 1 } : null;
  }
  if (isHeading(row.cells) || isFollowedByData(rows, at)) return { places: placesOf(row), rows: 1 };
  return null;
}

function rankOf(cells: readonly Cell[] | Row): number {
  const all = "cells" in cells ? cells.cells : cells;
  return new Set(all.map(({ text }) => roleOfHeading(text)).filter((role) => role !== "other")).size;
}

/** No name of a column is longer, "Corso delle divise relativo all'importo originale nella moneta di conteggio" included. */
const LONGEST = 90;

/** Headings are names. A line about a "credit" on a "date" has figures in it. */
function isHeadingLike({ cells }: { readonly cells: readonly Cell[] }): boolean {
  return !cells.some(
    ({ text }) => readAmount(text) !== null || readDate(text) !== null || text.length > LONGEST || /\d{4}/.test(text),
  );
}

function isHeading(cells: readonly Cell[]): boolean {
  if (!isHeadingLike({ cells })) return false;
  const roles = cells.map(({ text }) => roleOfHeading(text));
  const known = roles.filter((role) => role !== "other").length;
  const kinds = new Set(roles);
  const says = MONEY.some((role) => kinds.has(role)) && WHAT.some((role) => kinds.has(role));
  return says && known >= 2 && kinds.size >= 2 && known >= Math.min(4, cells.length / 2);
}

/** A heading in a language that is not known: names over rows that have dates and amounts in as many columns. */
function isFollowedByData(rows: readonly Row[], at: number): boolean {
  const { cells } = rows[at]!;
  if (cells.length < 3 || !isHeadingLike({ cells }) || new Set(cells.map(({ text }) => text)).size < cells.length)
    return false;
  if (cells.some(({ text }) => !/\p{L}/u.test(text) || text.length > 40)) return false;
  const below = rows.slice(at + 1, at + 4);
  if (below.length === 0) return false;
  if (
    rows
      .slice(Math.max(0, at - 3), at)
      .some((row) => row.cells.length >= cells.length && row.cells.some(({ text }) => readDate(text)))
  )
    return false;
  return below.every(
    (row) =>
      row.cells.length >= 3 &&
      row.cells.some(({ text }) => readDate(text) !== null) &&
      row.cells.some(({ text }) => readDate(text) === null && readAmount(text) !== null),
  );
}

/** Two lines of headings as one: what stands one above the other belongs together. */
function merged(upper: Row, lower: Row): Cell[] {
  const cells = upper.cells.map((cell) => ({ ...cell }));
  for (const cell of lower.cells) {
    const over = cells.find(({ left, right }) => cell.left < right + 2 && cell.right > left - 2);
    if (over)
      Object.assign(over, {
        text: `${over.text} ${cell.text}`,
        left: Math.min(over.left, cell.left),
        right: Math.max(over.right, cell.right),
      });
    else cells.push({ ...cell });
  }
  return cells.sort((a, b) => a.left - b.left);
}

function toPlace({ text, left, right }: Cell): Place {
  return { heading: text, left, right };
}

/** One place a column of the table, those without a heading too. */
function placesOf({ cells }: Row): Place[] {
  const byColumn = new Map(cells.map((cell) => [cell.left, cell.text]));
  const last = Math.max(...byColumn.keys());
  return Array.from({ length: last + 1 }, (_, column) => ({
    heading: byColumn.get(column) ?? "",
    left: column,
    right: column,
  }));
}

function sectionFrom(
  places: readonly Place[],
  rows: readonly Row[],
  about: Pick<Section, "above" | "isPage" | "hasHeading">,
): Section {
  if (about.isPage) return { ...about, places, rows: rows.map((row) => onPage(row, places)) };
  const width = Math.min(
    MAX_COLUMNS,
    rows.reduce((most, { cells }) => Math.max(most, (cells.at(-1)?.left ?? -1) + 1), places.length),
  );
  const all = Array.from(
    { length: width },
    (_, column) => places[column] ?? { heading: "", left: column, right: column },
  );
  return {
    ...about,
    places: all,
    rows: rows.map((row) => {
      const texts = Array.from({ length: width }, () => "");
      for (const { left, text } of row.cells) if (left < width) texts[left] = text;
      return { row, texts, below: [] };
    }),
  };
}

function onPage(row: Row, places: readonly Place[]): GridRow {
  const texts = places.map(() => "");
  const figures = places
    .map((place, index) => ({ place, index }))
    .filter(({ place }) =>
      ["amount", "debit", "credit", "net", "balance", "originalAmount", "fee"].includes(roleOfHeading(place.heading)),
    );
  for (const cell of row.cells) {
    // Figures stand under the nearest column of figures, whatever text is nearer.
    const isMoney = figures.length > 0 && readAmount(cell.text) !== null && /[.,]\d{2}\D*$/.test(cell.text);
    const at = isMoney
      ? figures[
          nearest(
            figures.map(({ place }) => place),
            cell,
          )
        ]!.index
      : placeOfText(
          places,
          cell,
          figures.map(({ index }) => index),
        );
    texts[at] = texts[at] === "" ? cell.text : `${texts[at]} ${cell.text}`;
  }
  return { row, texts, below: [] };
}

/** Words between two columns belong to the texts, however near the figures' column is. */
function placeOfText(places: readonly Place[], cell: Cell, figures: readonly number[]): number {
  const at = nearest(places, cell);
  const { left, right } = places[at]!;
  const isApart = cell.right < left || cell.left > right;
  if (!figures.includes(at) || !isApart || !/\p{L}{3}/u.test(cell.text)) return at;
  const others = places.map((place, index) => ({ place, index })).filter(({ index }) => !figures.includes(index));
  return others.length === 0
    ? at
    : others[
        nearest(
          others.map(({ place }) => place),
          cell,
        )
      ]!.index;
}

/** The column that a cell stands under: the one whose left edge, right edge or middle is nearest. */
function nearest(places: readonly Place[], cell: Cell): number {
  const distance = ({ left, right }: Place): number =>
    Math.min(
      Math.abs(left - cell.left),
      Math.abs(right - cell.right),
      Math.abs((left + right) / 2 - (cell.left + cell.right) / 2),
      // A long text reaches under the headings to its right; its beginning decides, unless it is within one.
      cell.left >= left && cell.right <= right ? 0 : Infinity,
    );
  return places.reduce((best, place, index) => (distance(place) < distance(places[best]!) ? index : best), 0);
}

/** @internal For what is told of a row. */
export function textOfRow({ row }: GridRow): string {
  return rowText(row);
}

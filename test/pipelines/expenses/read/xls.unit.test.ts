import { numberCell, record, shorts, xlsFile } from "../../xls-writer.js";
import { readStatement, tuples } from "../reading.js";

const GENERAL = 0;
const DATE = 14;
/** Styles 0 and 1: a number as it is, and a day. */
const STYLES = [GENERAL, DATE].map((format) => record(0xe0, shorts(0, format), Buffer.alloc(16)));

function text(row: number, column: number, words: string): Buffer {
  return record(0x204, shorts(row, column, 0, words.length), [0], Buffer.from(words, "latin1"));
}

function day(row: number, column: number, serial: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(serial);
  return record(0x203, shorts(row, column, 1), bytes);
}

const heading = ["Date", "Description", "Amount", "Balance"].map((words, column) => text(0, column, words));
const line = (row: number, serial: number, words: string, amount: number, balance: number): Buffer[] => [
  day(row, 0, serial),
  text(row, 1, words),
  numberCell(row, 2, amount),
  numberCell(row, 3, balance),
];

test("a statement in a workbook of Excel 97 is read: days by their format, cents as they are, every sheet", async () => {
  const file = xlsFile(STYLES, [
    {
      name: "May",
      records: [...heading, ...line(1, 46_143, "Shop", -12.1, 87.9), ...line(2, 46_144, "Wage", 1_000.25, 1_088.15)],
    },
    {
      name: "June",
      records: [...heading, ...line(1, 46_174, "Cafe", -3, 1_085.15), ...line(2, 46_175, "Taxi", -5.4, 1_079.75)],
    },
  ]);
  const { lines, facts } = await readStatement("bank.xls", file, { defaultCurrency: "EUR" });
  expect(tuples(lines)).toEqual([
    ["2026-05-01", 1210, "EUR", "Shop"],
    ["2026-05-02", -100025, "EUR", "Wage"],
    ["2026-06-01", 300, "EUR", "Cafe"],
    ["2026-06-02", 540, "EUR", "Taxi"],
  ]);
  expect(facts.format).toBe("XLS");
  expect(facts.evidence.filter(({ flag }) => flag === "ROWS_NOT_READ")).toEqual([]);
});

test("a workbook that breaks off says so", async () => {
  const records = [...heading, ...line(1, 46_143, "Shop", -12.1, 87.9)];
  const { lines, facts } = await readStatement("cut.xls", xlsFile(STYLES, [{ name: "May", records, isOpen: true }]));
  expect(lines).toHaveLength(1);
  expect(facts.evidence).toContainEqual(
    expect.objectContaining({ flag: "ROWS_NOT_READ", reason: expect.stringContaining("breaks off") }),
  );
});

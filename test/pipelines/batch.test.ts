import { readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { EXAMPLES } from "../scenarios/main-job.js";
import {
  encoded,
  encryptedPdf,
  example,
  fixture,
  openBatches,
  type Batch,
  type BatchSite,
  type Row,
} from "./batches.js";

let site: BatchSite;
beforeAll(async () => {
  site = await openBatches();
});
afterAll(() => site.close());

describe("a folder of good and broken files", () => {
  const GOOD = [
    ...["glossary.txt", "leases.html", "leases.pdf", "lifecycle.md", "pipeline.json", "retry.docx"].map(example),
    ...["stages.csv", "statuses.xml"].map(example),
    ...["leases.odt", "leases.pptx", "leases.xlsx", "with-attachments.eml", "letter.png"].map((name) =>
      fixture(`documents/${name}`),
    ),
    fixture("media/tone.wav"),
  ];
  const BROKEN = {
    "empty.txt": { stage: "validate", code: "EMPTY_DOCUMENT" },
    "locked.pdf": { stage: "parse", code: "ENCRYPTED_DOCUMENT" },
    "cut-off.docx": { stage: "parse", code: "MALFORMED_DOCUMENT" },
    "program.bin": { stage: "validate", code: "UNSUPPORTED_TYPE" },
  };
  let batch: Batch;
  beforeAll(async () => {
    const broken = [
      { name: "empty.txt", text: "" },
      encoded("locked.pdf", await encryptedPdf()),
      encoded("cut-off.docx", readFileSync(path.join(EXAMPLES, "retry.docx")).subarray(0, 700)),
      encoded("program.bin", Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 62, 0])),
    ];
    batch = await site.run([...GOOD, ...broken], {
      fields: { renewer: { pattern: "(\\w+) renews (?:its|the) lease" }, lease: { pattern: "lease", all: true } },
    });
  });

  test("ends COMPLETED_WITH_ERRORS with a summary that counts them by status and by type", () => {
    expect(batch).toMatchObject({
      status: "COMPLETED_WITH_ERRORS",
      counts: { total: 18, completed: 14, failed: 4, cancelled: 0, skipped: 0 },
      summary: { output: { files: 18, byStatus: { COMPLETED: 14, FAILED: 4 } } },
    });
    const { byType, characters, words, fields } = batch.summary!.output;
    expect(Object.keys(byType).length).toBeGreaterThanOrEqual(15);
    const sum = (pick: (row: Row) => number | null): number =>
      [...batch.rows.values()].reduce((all, row) => all + (pick(row) ?? 0), 0);
    expect({ characters, words }).toEqual({ characters: sum((row) => row.characters), words: sum((row) => row.words) });
    expect(fields.lease.files).toBe([...batch.rows.values()].filter((row) => row.fields.lease).length);
    expect(batch.summary!.errors).toHaveLength(4);
  });

  test("leaves one row a file in batch.json and in batch.csv, with the text of those that were read", () => {
    expect(batch.rows.size).toBe(18);
    expect(batch.csv.map(({ file }) => file)).toEqual([...batch.rows.keys()]);
    for (const { file, status, mediaType, characters, fields } of batch.rows.values()) {
      const line = batch.csv.find((one) => one.file === file)!;
      expect(line).toMatchObject({ status, type: mediaType ?? "", characters: String(characters ?? "") });
      expect(line.lease).toBe((fields.lease ?? []).join(" | "));
      if (status === "COMPLETED" && !file.endsWith(".wav")) expect(characters).toBeGreaterThan(20);
    }
    expect(batch.rows.get("leases.pdf")!.fields.renewer).toEqual(["nobody"]);
    expect(batch.rows.get("letter.png")!.fields.renewer).toEqual(["worker"]);
  });

  test.each(Object.entries(BROKEN))("says in both why %s failed, and what to do", (file, { stage, code }) => {
    const row = batch.rows.get(file)!;
    expect(row).toMatchObject({ status: "FAILED", characters: null, words: null, fields: {}, error: { stage, code } });
    expect(row.error!.message).toMatch(new RegExp(`^${file.replace(".", "\\.")} .{15,}`));
    expect(batch.csv.find((one) => one.file === file)).toMatchObject({
      status: "FAILED",
      "failed at": stage,
      error: code,
      "what to do": row.error!.message,
    });
    expect(batch.summary!.errors).toContainEqual({ stage, code, count: 1 });
  });

  test("asks for no transcript, and warns of none", () => {
    expect(batch.warnings["tone.wav"]).toEqual(["FIELD_NOT_FOUND", "FIELD_NOT_FOUND"]);
  });
});

describe("fields", () => {
  test("are found by label and by pattern, in the text and in images; without ocr images hold none", async () => {
    const letter = fixture("documents/letter.png");
    const text =
      "Subtotal: 7\nThe subtotal and Total : 12,50 EUR\nInvoice number\n  R-77\nTOTAL 3\nISSUED    2026-03-01   by hand\n";
    const fields = {
      total: { label: "total" },
      totals: { label: "total", all: true },
      invoice: { label: "Invoice  number" },
      issued: { label: "issued" },
      lines: { pattern: "^(t\\S+)", ignoreCase: true, all: true },
      constructor: { label: "nowhere" },
    };
    const { rows, warnings } = await site.run([letter, { name: "a.txt", text }], { fields });
    expect(rows.get("a.txt")!.fields).toEqual({
      total: ["12,50 EUR"],
      totals: ["12,50 EUR", "3"],
      invoice: ["R-77"],
      issued: ["2026-03-01"],
      lines: ["The", "TOTAL"],
    });
    expect(warnings["a.txt"]).toEqual(["FIELD_NOT_FOUND"]);
    expect(rows.get("letter.png")!.fields.lines).toEqual(["The"]);
    const blind = await site.run([letter], { fields, ocr: false });
    expect(blind.rows.get("letter.png")).toMatchObject({ status: "COMPLETED", characters: 0, words: 0, fields: {} });
  });

  test("of numbers are read in every notation, and added up", async () => {
    const NUMBERS = {
      "1.234,56 EUR": 1234.56,
      "$1,234.56": 1234.56,
      "1'234.50": 1234.5,
      "1 234 567,8": 1234567.8,
      "1\u202f234,5": 1234.5,
      "1.234.567": 1234567,
      "1,234": 1234,
      "0.125": 0.125,
      "12,5": 12.5,
      "-3": -3,
      "\u22123.75": -3.75,
      "INV-7": 7,
      "4 of 5": 4,
      "0.1": 0.1,
    };
    const documents = Object.keys(NUMBERS).map((value, index) => ({ name: `${index}.txt`, text: `Sum: ${value}` }));
    const batch = await site.run([...documents, { name: "none.txt", text: "Sum: unknown" }], {
      fields: { sum: { label: "Sum", type: "number" } },
    });
    const read = Object.keys(NUMBERS).map((value, index) => [value, batch.rows.get(`${index}.txt`)!.fields.sum?.[0]]);
    expect(Object.fromEntries(read)).toEqual(NUMBERS);
    const all = Object.values(NUMBERS);
    const sum = Number(all.reduce((total, one) => total + one, 0).toFixed(6));
    expect(batch.summary!.output.fields).toEqual({ sum: { files: 14, sum, min: -3.75, max: 1234567.8 } });
    expect(batch.warnings["none.txt"]).toEqual(["FIELD_NOT_FOUND"]);
  });

  test("that are required fail the file that lacks them, and it alone", async () => {
    const fields = { invoice: { label: "Invoice", required: true } };
    const documents = [
      { name: "with.txt", text: "Invoice 7" },
      { name: "without.txt", text: "A letter" },
    ];
    const batch = await site.run(documents, { fields });
    expect(batch.status).toBe("COMPLETED_WITH_ERRORS");
    expect(batch.rows.get("with.txt")!.fields).toEqual({ invoice: ["7"] });
    expect(batch.rows.get("without.txt")!.error).toEqual({
      stage: "extract",
      code: "FIELD_MISSING",
      message: 'without.txt has no "invoice": "Invoice" is not in its text; correct the file or the field.',
    });
  });

  test("come out at once by patterns that explode in other engines", async () => {
    const text = `${"a".repeat(50_000)}!`;
    const startedAt = performance.now();
    const { status, rows } = await site.run([{ name: "long.txt", text }], {
      fields: { trap: { pattern: "(a+)+$" }, other: { pattern: "(a|aa)+b|(?:a*)*c" }, end: { pattern: "a(!)" } },
    });
    expect(performance.now() - startedAt).toBeLessThan(20_000);
    expect({ status, fields: rows.get("long.txt")!.fields }).toEqual({ status: "COMPLETED", fields: { end: ["!"] } });
  });

  test("that look like formulas are no formulas in batch.csv, and are as they are in batch.json", async () => {
    const FORMULAS = ['=HYPERLINK("http://example.org")', "+1+cmd|' /C calc'!A0", "@SUM(1)", "-2+3", "\uff1d1+1"];
    const documents = FORMULAS.map((formula, index) => ({
      name: `=${index}.txt`,
      text: `Note: ${formula}\nBalance: -3`,
    }));
    // A label would take the "=" with it, as in "rate = 5"; a pattern takes what it says.
    const { rows, csv } = await site.run(documents, {
      fields: { note: { pattern: "Note: (.*)" }, sum: { label: "Balance", type: "number" } },
    });
    expect(csv.map(({ note }) => note)).toEqual(FORMULAS.map((formula) => `'${formula}`));
    expect(csv.map(({ file }) => file)).toEqual(FORMULAS.map((_, index) => `'=${index}.txt`));
    expect(csv.map(({ sum }) => sum)).toEqual(FORMULAS.map(() => "-3"));
    expect([...rows.values()].map(({ fields }) => fields.note)).toEqual(FORMULAS.map((formula) => [formula]));
  });
});

test.each([
  ["(?<=a)b", "invalid"],
  ["(a)\\1", "invalid escape sequence"],
  ["(unclosed", "missing closing )"],
  ["((a{1,1000}){1,1000})", "too large"],
])("the pattern %s is refused at the door, by the name of its field", async (pattern, why) => {
  const [error, ...more] = await site.refused({ fields: { good: { label: "Total" }, bad: { pattern } } });
  expect(more).toEqual([]);
  expect(error).toMatchObject({ code: "INVALID_OPTIONS", path: ["input", "options", "fields", "bad", "pattern"] });
  expect(error!.message).toContain("options.fields.bad.pattern: pattern can't be used (");
  expect(error!.message).toContain(why);
  expect(error!.message).toContain("no look-around and no back references");
});

test.each<[string, object, string]>([
  ["two ways to a field", { fields: { both: { label: "a", pattern: "b" } } }, "takes a pattern or a label, not both"],
  ["no way to a field", { fields: { neither: {} } }, "needs a pattern or a label"],
  ["a blank label", { fields: { blank: { label: "  " } } }, "options.fields.blank.label"],
  ["a field named like a formula", { fields: { "=1": { label: "a" } } }, "must begin with a letter"],
  [
    "51 fields",
    { fields: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`f${i}`, { label: "a" }])) },
    "at most 50 fields",
  ],
  ["a transcript", { transcribe: true }, "transcribe"],
])("%s is refused", async (_, options, message) => {
  const errors = await site.refused(options);
  expect(errors[0]!.message).toContain(message);
  for (const { code } of errors) expect(code).toBe("INVALID_OPTIONS");
});

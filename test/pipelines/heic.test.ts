import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "@jest/globals";
import { fixture, openBatches, encoded } from "./batches.js";
import { readReceipt } from "./expenses/reading.js";
import { FIXTURES, hasHeif } from "./fixture-files.js";

const receipt = readFileSync(path.join(FIXTURES, "documents", "receipt.heic"));

test("a receipt photographed as HEIC is read like one in JPEG, or refused by its name", async () => {
  const read = readReceipt("IMG_0001.HEIC", receipt);
  if (!hasHeif) return expect(read).rejects.toMatchObject({ code: "UNSUPPORTED_TYPE" });
  expect(await read).toMatchObject({ amountMinor: 1822, date: "2026-01-08", source: "picture" });
}, 120_000);

test("a receipt that a mail brings as HEIC counts with the mail, which is read without it where it can't be", async () => {
  const mail = `From: Shop <shop@example.org>\r\nSubject: Your receipt\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nPaid on 2026-01-08: see the picture.\r\n--b\r\nContent-Type: image/heic; name="IMG_0001.HEIC"\r\nContent-Disposition: attachment; filename="IMG_0001.HEIC"\r\nContent-Transfer-Encoding: base64\r\n\r\n${receipt.toString("base64").replace(/.{76}/g, "$&\r\n")}\r\n--b--\r\n`;
  expect(await readReceipt("mail.eml", mail)).toMatchObject({
    date: "2026-01-08",
    amountMinor: hasHeif ? 1822 : null,
  });
}, 120_000);

test("a batch takes fields from photographs in HEIC, and says of broken ones what they are", async () => {
  const site = await openBatches();
  try {
    const cut = readFileSync(path.join(FIXTURES, "documents", "letter.heic")).subarray(0, 4_000);
    const { rows } = await site.run([fixture("documents/turned.heic"), encoded("cut.heic", cut)], {
      fields: { renewer: { pattern: "(\\w+) renews (?:its|the) lease" } },
    });
    const code = hasHeif ? "MALFORMED_DOCUMENT" : "UNSUPPORTED_TYPE";
    expect(rows.get("cut.heic")).toMatchObject({ status: "FAILED", error: { stage: "parse", code } });
    expect(rows.get("turned.heic")).toMatchObject(
      hasHeif ? { status: "COMPLETED", fields: { renewer: ["worker"] } } : { status: "FAILED", error: { code } },
    );
  } finally {
    await site.close();
  }
});

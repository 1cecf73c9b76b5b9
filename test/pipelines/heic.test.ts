import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "@jest/globals";
import { ApiClient } from "../../src/cli/client.js";
import { collectionOf, progressOf, submit } from "../scenarios/main-job.js";
import { startHeadway } from "../support/processes.js";
import { fixture, openBatches, encoded } from "./batches.js";
import { readReceipt } from "./expenses/reading.js";
import { picturesRead } from "../../src/pipelines/documents/parsers/pictures.js";
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

test("a photograph in HEIC inside a document is searched for text, or counted as unread", async () => {
  const warned: string[] = [];
  const picture = { name: "word/media/image1.heic", read: () => receipt };
  const blocks = await picturesRead([picture], "a.docx", {
    mediaType: "",
    ocr: true,
    menus: false,
    warn: (code) => void warned.push(code),
    progress: () => undefined,
    parseInner: async () => null,
  });
  expect(warned).toEqual(hasHeif ? [] : ["PICTURES_UNREAD"]);
  expect(JSON.stringify(blocks)).toMatch(hasHeif ? /FRESH FIELDS MARKET/ : /^\[\]$/);
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

test("the pipeline expenses takes a receipt in HEIC", async () => {
  const dataDir = await mkdtemp(path.join(tmpdir(), "headway-heic-"));
  const headway = await startHeadway({ HEADWAY_DATA_DIR: dataDir });
  const api = new ApiClient(headway.url, headway.key);
  try {
    const id = await submit(api, await collectionOf(api, "trip", [encoded("IMG_0001.HEIC", receipt)]), "expenses");
    await progressOf(api, id);
    const { job } = await api.query<{ job: { tasks: { nodes: object[] } } }>(
      `query ($id: ID!) { job(id: $id) { tasks(first: 10) { nodes { documentName status error { stage code } } } } }`,
      { id },
    );
    expect(job.tasks.nodes).toContainEqual({
      documentName: "IMG_0001.HEIC",
      ...(hasHeif
        ? { status: "COMPLETED", error: null }
        : { status: "FAILED", error: { stage: "extract", code: "UNSUPPORTED_TYPE" } }),
    });
  } finally {
    await api.close();
    await headway.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
});

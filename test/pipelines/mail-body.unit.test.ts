import { describe, expect, test } from "@jest/globals";
import type { Block } from "../../src/pipelines/documents/blocks/block.js";
import { mailBody } from "../../src/pipelines/documents/parsers/mail-body.js";

const textOf = (blocks: readonly Block[]): string =>
  blocks.map((block) => (block.kind === "table" ? block.rows.flat().join(" ") : block.text)).join(" ");

describe("the body of a mail that comes as text and as a page", () => {
  test("is the page where the text only points at it, in however many words", () => {
    const links = Array.from({ length: 20 }, (_, n) => `https://click.example/?qs=a${n}-b${n}-c${n}`).join("\n");
    const text = `Your client cannot show this message; view it online at ${links} or ask us for a copy, unsubscribe, legal notice, registered office, all rights reserved by us and others.`;
    expect(textOf(mailBody(text, "<p>Invoice 4711, due 12 May, 99.00 EUR</p>"))).toContain("Invoice 4711");
  });

  test("is the text where it says what the page says, and more", () => {
    const text = "Invoice 4711 is due on 12 May. Please pay 99.00 EUR to the account below, and name the number.";
    expect(textOf(mailBody(text, "<p>Invoice 4711, due 12 May.</p>"))).toContain("account below");
  });
});

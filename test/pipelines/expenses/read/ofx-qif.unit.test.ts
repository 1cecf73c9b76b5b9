import { readStatement, tuples } from "../reading.js";

const SGML = `OFXHEADER:100
DATA:OFXSGML
VERSION:102

<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>GBP<BANKACCTFROM><ACCTID>1234</BANKACCTFROM>
<BANKTRANLIST>
<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20260302120000[0:GMT]<DTUSER>20260228<TRNAMT>-33.7200<FITID>a1<NAME>Coffee &amp; Co<MEMO></STMTTRN>
<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20260303<TRNAMT>1,234.50<FITID>a2<NAME>Salary</STMTTRN>
</BANKTRANLIST><LEDGERBAL><BALAMT>2000.00<DTASOF>20260303</LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>`;

const XML = `<?xml version="1.0"?><?OFX OFXHEADER="200" VERSION="211"?>
<OFX><CREDITCARDMSGSRSV1><CCSTMTTRNRS><CCSTMTRS><CURDEF>USD</CURDEF><CCACCTFROM><ACCTID>4111</ACCTID></CCACCTFROM>
<BANKTRANLIST><STMTTRN><TRNTYPE>DEBIT</TRNTYPE><DTPOSTED>20260310</DTPOSTED><TRNAMT>-10.00</TRNAMT><FITID>b1</FITID>
<NAME>Bistro</NAME><ORIGCURRENCY><CURRATE>1.25</CURRATE><CURSYM>EUR</CURSYM></ORIGCURRENCY></STMTTRN></BANKTRANLIST>
</CCSTMTRS></CCSTMTTRNRS>
<CCSTMTTRNRS><CCSTMTRS><CURDEF>JPY</CURDEF><CCACCTFROM><ACCTID>4222</ACCTID></CCACCTFROM><BANKTRANLIST>
<STMTTRN><TRNTYPE>DEBIT</TRNTYPE><DTPOSTED>20260311</DTPOSTED><TRNAMT>-995.4190396554627</TRNAMT><NAME>Ramen</NAME></STMTTRN>
</BANKTRANLIST></CCSTMTRS></CCSTMTTRNRS></CREDITCARDMSGSRSV1></OFX>`;

describe("OFX of both generations", () => {
  test("SGML without end tags: the day that it was booked, any decimals, an empty value", async () => {
    const { lines, facts } = await readStatement("bank.ofx", SGML);
    expect(tuples(lines)).toEqual([
      ["2026-03-02", 3372, "GBP", "Coffee & Co"],
      ["2026-03-03", -123450, "GBP", "Salary"],
    ]);
    expect(facts.accounts).toMatchObject([{ account: "1234", closingMinor: 200000, lines: 2 }]);
  });

  test("XML with several accounts, what was paid abroad, and more decimals than the currency has", async () => {
    const { lines, facts } = await readStatement("card.qfx", XML);
    expect(tuples(lines)).toEqual([
      ["2026-03-10", 1000, "USD", "Bistro"],
      ["2026-03-11", 995, "JPY", "Ramen"],
    ]);
    expect(lines[0]).toMatchObject({ originalAmountMinor: 800, originalCurrency: "EUR", account: "4111", flags: [] });
    expect(lines[1]!.flags).toEqual(["AMOUNT_ROUNDED"]);
    expect(facts.accounts.map(({ account }) => account)).toEqual(["4111", "4222"]);
  });

  test("a file that is cut off is refused, and trades of securities are listed", async () => {
    await expect(readStatement("cut.ofx", SGML.slice(0, -200))).rejects.toMatchObject({ code: "MALFORMED_DOCUMENT" });
    const trades =
      "<OFX><INVSTMTRS><CURDEF>USD</CURDEF><INVTRAN><FITID>1</FITID><DTTRADE>20260301</DTTRADE></INVTRAN></INVSTMTRS></OFX>";
    const { lines, facts } = await readStatement("broker.ofx", trades);
    expect(lines).toEqual([]);
    expect(facts.notRead).toEqual([{ row: 1, text: "a trade of 20260301" }]);
  });
});

describe("QIF", () => {
  const QIF = "!Type:CCard\nD3/ 4'26\nT-1,234.56\nN101\nPCoffee\nMwith milk\n^\nD12/31'26\nU20.00\nPRefund\n^\n";

  test("gives lines in the job's currency; one date settles the order of all", async () => {
    const { lines, facts } = await readStatement("quicken.qif", QIF, { defaultCurrency: "USD" });
    expect(tuples(lines)).toEqual([
      ["2026-03-04", 123456, "USD", "Coffee with milk"],
      ["2026-12-31", -2000, "USD", "Refund"],
    ]);
    expect(lines[0]).toMatchObject({ reference: "101", flags: ["CURRENCY_ASSUMED"] });
    expect(facts.evidence.flatMap(({ flag }) => flag ?? [])).toEqual(["CURRENCY_ASSUMED"]);
  });

  test("an order that nothing settles is told, and an option says it", async () => {
    const open = "!Type:Bank\nD03/04/2026\nT-5.00\nPTea\n^\n";
    expect((await readStatement("a.qif", open)).lines[0]!.flags).toContain("DATE_ORDER_UNCERTAIN");
    const { lines } = await readStatement("a.qif", open, { dateOrder: "mdy" });
    expect(lines).toMatchObject([{ date: "2026-03-04", flags: [] }]);
  });

  test("lists of accounts, categories and securities are no lines; an account names those behind it", async () => {
    const file =
      "!Account\nNMy Cash\nTCash\n^\n!Type:Cash\nD23/10/2026\nT-6.50\n^\n!Type:Cat\nNfood\nE\n^\n!Type:Invst\nD25/07/2026\nNBuy\nT1000.00\n^\n";
    const { lines } = await readStatement("all.qif", file);
    expect(lines).toMatchObject([{ date: "2026-10-23", amountMinor: 650, account: "My Cash" }]);
  });
});

import { readStatement, tuples } from "../reading.js";

const NS = "urn:iso:std:iso:20022:tech:xsd:camt";

/** An account's message: `kind` is Stmt for .053, Rpt for .052. */
function camt(kind: "Stmt" | "Rpt", inside: string): string {
  const [message, version] = kind === "Stmt" ? ["BkToCstmrStmt", "053.001.08"] : ["BkToCstmrAcctRpt", "052.001.02"];
  return `<?xml version="1.0" encoding="UTF-8"?><Document xmlns="${NS}.${version}"><${message}><GrpHdr><MsgId>1</MsgId></GrpHdr>
<${kind}><Id>A</Id><Acct><Id><IBAN>CH9300762011623852957</IBAN></Id></Acct>${inside}</${kind}></${message}></Document>`;
}

function balance(code: string, amount: string, way = "CRDT"): string {
  return `<Bal><Tp><CdOrPrtry><Cd>${code}</Cd></CdOrPrtry></Tp><Amt Ccy="CHF">${amount}</Amt><CdtDbtInd>${way}</CdtDbtInd></Bal>`;
}

function entry(amount: string, way: string, rest = "", status = "<Sts><Cd>BOOK</Cd></Sts>"): string {
  return `<Ntry><Amt Ccy="CHF">${amount}</Amt><CdtDbtInd>${way}</CdtDbtInd>${status}<BookgDt><Dt>2026-03-04</Dt></BookgDt><ValDt><Dt>2026-03-05</Dt></ValDt>${rest}</Ntry>`;
}

describe("CAMT, as banks send it", () => {
  test("a statement gives its entries by the booking day, and its balances prove them", async () => {
    const file = camt(
      "Stmt",
      balance("OPBD", "1000.00") +
        balance("CLBD", "1187.55") +
        entry("12.45", "DBIT", "<AddtlNtryInf>Coffee &amp; Cake</AddtlNtryInf>") +
        entry("200", "CRDT", "<AddtlNtryInf>Refund</AddtlNtryInf>"),
    );
    const { lines, facts } = await readStatement("march.xml", file);
    expect(tuples(lines)).toEqual([
      ["2026-03-04", 1245, "CHF", "Coffee & Cake"],
      ["2026-03-04", -20000, "CHF", "Refund"],
    ]);
    expect(facts.accounts).toMatchObject([
      { account: "CH9300762011623852957", openingMinor: 100000, closingMinor: 118755, differenceMinor: 0 },
    ]);
    expect(facts.evidence).toContainEqual(expect.objectContaining({ of: "balance", certainty: "proven" }));
  });

  test("balances that the entries miss are told with what is missing", async () => {
    const file = camt("Stmt", balance("OPBD", "10.00", "DBIT") + balance("CLBD", "5.00") + entry("20.00", "CRDT"));
    const { facts } = await readStatement("march.xml", file);
    expect(facts.accounts).toMatchObject([{ openingMinor: -1000, closingMinor: 500, differenceMinor: 500 }]);
    expect(facts.evidence).toContainEqual(expect.objectContaining({ flag: "BALANCE_DISAGREES" }));
  });

  test("the closing balance of the day before is an opening one", async () => {
    const file = camt("Stmt", balance("PRCD", "10.00") + balance("CLBD", "7.00") + entry("3.00", "DBIT"));
    const { facts } = await readStatement("march.xml", file);
    expect(facts.accounts).toMatchObject([{ openingMinor: 1000, differenceMinor: 0 }]);
  });

  test("a report of the day keeps what is pending and does not count it", async () => {
    const file = camt(
      "Rpt",
      entry("5.00", "DBIT", "", "<Sts>PDNG</Sts>") + entry("7.00", "DBIT", "", "<Sts>BOOK</Sts>"),
    );
    const { lines, facts } = await readStatement("today.xml", file);
    expect(lines.map(({ amountMinor, notCounted, flags }) => [amountMinor, notCounted, flags])).toEqual([
      [500, "PDNG", ["NOT_COUNTED"]],
      [700, undefined, []],
    ]);
    expect(facts.accounts).toMatchObject([{ currency: "CHF", sumMinor: 700 }]);
  });

  test("the parts of a batch are lines where they add up to it, and else the batch is one", async () => {
    const part = (amount: string, who: string): string =>
      `<TxDtls><Amt Ccy="CHF">${amount}</Amt><CdtDbtInd>DBIT</CdtDbtInd><RltdPties><Cdtr><Nm>${who}</Nm></Cdtr></RltdPties></TxDtls>`;
    const batch = (amount: string): string =>
      entry(amount, "DBIT", `<NtryDtls>${part("10.00", "One AG")}${part("20.00", "Two AG")}</NtryDtls>`);
    const { lines } = await readStatement("batch.xml", camt("Stmt", batch("30.00") + batch("31.00")));
    expect(lines.map(({ amountMinor, counterparty }) => [amountMinor, counterparty])).toEqual([
      [1000, "One AG"],
      [2000, "Two AG"],
      [3100, undefined],
    ]);
  });

  test("what was paid abroad stands beside the amount; an amount that is no number is none", async () => {
    const abroad =
      '<NtryDtls><TxDtls><AmtDtls><InstdAmt><Amt Ccy="EUR">50.00</Amt></InstdAmt></AmtDtls></TxDtls></NtryDtls>';
    const file = camt("Stmt", entry("48.10", "DBIT", abroad) + entry("12,x", "DBIT"));
    const { lines } = await readStatement("abroad.xml", file);
    expect(lines[0]).toMatchObject({ amountMinor: 4810, originalAmountMinor: 5000, originalCurrency: "EUR" });
    expect(lines[1]).toMatchObject({ amountMinor: null, incomplete: expect.arrayContaining(["amount"]) });
  });

  test("entries without a day are of the one on which the statement opens and closes", async () => {
    const dated = (code: string, day: string): string =>
      `<Bal><Tp><CdOrPrtry><Cd>${code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">5.00</Amt><Dt><Dt>${day}</Dt></Dt></Bal>`;
    const bare = '<Ntry><Amt Ccy="EUR">2.00</Amt><CdtDbtInd>DBIT</CdtDbtInd></Ntry>';
    const of = async (opened: string) =>
      (await readStatement("day.xml", camt("Stmt", dated("OPBD", opened) + dated("CLBD", "2026-03-07") + bare))).lines;
    expect((await of("2026-03-07")).map(({ date }) => date)).toEqual(["2026-03-07"]);
    expect((await of("2026-03-01")).map(({ date }) => date)).toEqual([null]);
  });
});

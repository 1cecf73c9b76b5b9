import { readStatement } from "../reading.js";

async function amounts(name: string, content: string, options: Readonly<Record<string, unknown>> = {}) {
  const { lines } = await readStatement(name, content, { defaultCurrency: "EUR", ...options });
  return lines.map(({ amountMinor }) => amountMinor);
}

/** Kinds that were read wrongly without a word on files of banks that nobody here had seen. */
describe("kinds of unseen files", () => {
  test("a dated row that names the sum of a way is no line, whatever remark stands behind it", async () => {
    const { lines, facts } = await readStatement(
      "sums.csv",
      "date,description,amount,debit_credit,memo\n2026-03-10,Vendor,420.00,debit,Invoice 7\n" +
        "2026-03-31,Total debits,420.00,debit,from the footer\n2026-03-31,Total credits,0.00,credit,from the footer\n",
      { defaultCurrency: "EUR" },
    );
    expect(lines.map(({ amountMinor }) => amountMinor)).toEqual([42000]);
    expect(facts.notRead).toEqual([]);
  });

  test("a shop whose name begins with Total is one", async () => {
    const table =
      "Date,Description,Amount\n2026-03-10,TOTAL 4411 PARIS,-42.00\n2026-03-11,Total Credit Union fee,-3.00\n";
    expect(await amounts("total.csv", table)).toEqual([4200, 300]);
  });

  test("a column of pendings with yes and no is a status", async () => {
    const table =
      "date,text,amount,currency,pending\n2026-06-28,Purchase one,-12.34,USD,False\n2026-07-03,Purchase two,-5.67,USD,True\n";
    const { lines } = await readStatement("pending.csv", table);
    expect(lines.map(({ notCounted, flags }) => [notCounted, flags])).toEqual([
      [undefined, []],
      ["pending", ["NOT_COUNTED"]],
    ]);
  });

  test("a card whose lines carry a minus as often as none does not tell by its majority", async () => {
    const table = "Date,Label,Amount\n2026-12-15,LABEL 1,33.50\n2026-12-16,LABEL 2,-1525.00\n";
    const { lines } = await readStatement("credit_card_may.csv", table, { defaultCurrency: "EUR" });
    expect(lines.map(({ flags }) => flags.includes("SIGN_UNCERTAIN"))).toEqual([true, true]);
  });

  test("what is paid back on a Chinese card comes in, though most lines carry a minus", async () => {
    const table =
      "信用卡对账单（2026年01月）\n交易日,交易摘要,人民币金额\n01/01,自动还款,-345.67\n01/02,银联转账还款,-30.00\n01/03,掌上生活还款,-1.23\n01/05,中国移动,80.00\n";
    expect(await amounts("card.csv", table, { defaultCurrency: "CNY" })).toEqual([-34567, -3000, -123, 8000]);
  });

  test("two days that lie near in one order decide nothing", async () => {
    const table =
      "Date,Description,Amount,Transaction Type\n8/02/2026,Shop,29.99,debit\n6/02/2026,Autopay,123.45,credit\n";
    const { lines, facts } = await readStatement("mint.csv", table, { defaultCurrency: "USD" });
    expect(lines.map(({ date }) => date)).toEqual(["2026-08-02", "2026-06-02"]);
    expect(facts.evidence).toContainEqual(expect.objectContaining({ flag: "DATE_ORDER_UNCERTAIN" }));
  });

  test("the same day of each month is no month's days", async () => {
    const table =
      "Date,Description,Amount\n1/05/2026,Rent,-900.00\n2/05/2026,Rent,-900.00\n3/05/2026,Rent,-900.00\n4/05/2026,Rent,-900.00\n5/05/2026,Rent,-900.00\n";
    const { facts } = await readStatement("rent.csv", table, { defaultCurrency: "USD" });
    expect(facts.evidence).toContainEqual(expect.objectContaining({ flag: "DATE_ORDER_UNCERTAIN" }));
  });

  test("commas in the amounts part no table that semicolons part", async () => {
    const table =
      "IBAN;DE89370400440532013000\n\nBuchung;Auftraggeber;Buchungstext;Betrag;Währung\n09.12.2026;Firma;Lastschrift;-13,98;EUR\n" +
      "08.12.2026;Miete;-200,00;EUR\n05.12.2026;Firma;Lastschrift, zweite;-81,60;EUR\n";
    const { lines } = await readStatement("ing.csv", table);
    expect(lines.map(({ amountMinor }) => amountMinor)).toEqual([1398, null, 8160]);
  });

  test("of two columns, one of which is misspelt, the balances tell which is which", async () => {
    const table =
      'Date,Description,Deposits,Outgone,Balance\n20-Aug-2026,One,"23,237.00",00.00,"37,243.31"\n20-Aug-2026,Two,00.00,"3,724.33","33,518.98"\n21-Aug-2026,Three,245.00,00.00,"33,763.98"\n';
    expect(await amounts("bt.csv", table, { defaultCurrency: "INR" })).toEqual([-2323700, 372433, -24500]);
  });

  test("outflow and inflow are the two ways, each nought where the other is not", async () => {
    const table =
      'Date,Payee,Memo,Outflow,Inflow\n01/13/2026,Landlord,Rent,"$1,500.00",$0.00\n01/15/2026,Employer,Salary,$0.00,"$2,500.00"\n';
    const { lines } = await readStatement("register.csv", table);
    expect(lines.map(({ amountMinor, flags }) => [amountMinor, flags])).toEqual([
      [150000, []],
      [-250000, []],
    ]);
  });

  test("a row that moved nothing and tells a balance is what the account began with", async () => {
    const table =
      "Date,Description,Debit,Credit,Balance\n01/04/2026,Opening,,,1000.00\n02/04/2026,Salary,,2500.00,3500.00\n03/04/2026,Rent,1200.00,,2300.00\n";
    expect(await amounts("opening.csv", table)).toEqual([-250000, 120000]);
  });

  test("a date and the text behind it may stand in one cell, as on pages whose columns touch", async () => {
    const table =
      'Statement to 28 Feb 2026\nDate,Details,Withdrawals,Deposits,Balance\n03 Feb EFTPOS DAIRY,,12.40,,"2,398.15"\n05 Feb SALARY,,,"3,120.00","5,518.15"\n';
    const { lines } = await readStatement("bank.csv", table, { defaultCurrency: "NZD" });
    expect(lines.map(({ date, amountMinor, description }) => [date, amountMinor, description])).toEqual([
      ["2026-02-03", 1240, "EFTPOS DAIRY"],
      ["2026-02-05", -312000, "SALARY"],
    ]);
  });

  test("a line whose amount was left out stays one that lacks it, though its balance is there", async () => {
    const table =
      "Date,Description,Debit,Credit,Balance\n01/04/2026,Airline,,,1000.00\n02/04/2026,Salary,,2500.00,3500.00\n03/04/2026,Rent,1200.00,,2300.00\n04/04/2026,Shop,,,2250.00\n";
    expect(await amounts("blank.csv", table)).toEqual([null, -250000, 120000, null]);
  });

  test("an amount that can't be read is a line without one, though its balance is there", async () => {
    const table =
      "Date,Description,Amount,Balance\n01/04/2026,Shop,-10.00,990.00\n02/04/2026,Gone,#####,980.00\n03/04/2026,Shop,-5.00,975.00\n";
    expect(await amounts("unreadable.csv", table)).toEqual([1000, null, 500]);
  });
});

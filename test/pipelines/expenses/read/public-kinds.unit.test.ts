import { readStatement, tuples } from "../reading.js";

/** Kinds met in the test data of public importers. */
describe("kinds of public files", () => {
  test("unsigned amounts whose words go both ways are kept in doubt", async () => {
    const table =
      "Date,Memo,Value,Category\n01/15/2026,Direct deposit,3000.00,deposit\n01/16/2026,Check payment,500.00,payment\n" +
      "01/17/2026,Service fee,15.00,fee\n01/18/2026,Transfer in,1000.00,transfer\n01/19/2026,Purchase,75.25,purchase\n" +
      "01/20/2026,Supermarket,20.00,purchase\n";
    const { lines } = await readStatement("values.csv", table, { defaultCurrency: "USD" });
    expect(lines.map(({ flags }) => flags.includes("SIGN_UNCERTAIN"))).toEqual(lines.map(() => true));
  });

  test.each([
    ["交易日,交易摘要,人民币金额", "CNY"],
    ["日期,摘要,金额(元)", "CNY"],
    ["日付,内容,金額（円）", "JPY"],
    ["Дата,Описание,Сумма (грн)", "UAH"],
    ["Datum,Popis,Částka (Kč)", "CZK"],
    ["תאריך,תיאור,סכום (₪)", "ILS"],
  ])("the heading %s names the currency by its word", async (heading, currency) => {
    const { lines } = await readStatement("named.csv", `${heading}\n2026-01-13,Shop,-56\n2026-01-14,Shop,-57\n`);
    expect(lines.map((line) => line.currency)).toEqual([currency, currency]);
  });

  test("a code alone in the row of the account's number is its currency", async () => {
    const table =
      "Account Number:,1234567890,SGD\nAccount Type:,Savings,\nTransaction Date,Transaction Description,Withdrawal,Deposit\n" +
      "30 Jun 2026,Interest Credit,0.00,0.12\n16 Jun 2026,Cash Withdrawal,800.00,0.00\n";
    const { lines } = await readStatement("account.csv", table);
    expect(tuples(lines)).toEqual([
      ["2026-06-30", -12, "SGD", "Interest Credit"],
      ["2026-06-16", 80000, "SGD", "Cash Withdrawal"],
    ]);
  });

  test("figures without a date in columns that no line fills are the statement's own", async () => {
    const table =
      "ID,Datetime,Type,Note,Amount (total),Beginning Balance,Ending Balance,Year to Date Fees\n,,,,,$0,,\n" +
      "1,2026-01-01T13:00:00,Charge,Lunch,+ $73.01,,,\n2,2026-01-03T20:00:00,Payment,Taxi,- $12.01,,,\n,,,,,,$61.00,\n,,,,,,,$0.00\n";
    const { lines, facts } = await readStatement("wallet.csv", table);
    expect(lines.map(({ amountMinor }) => amountMinor)).toEqual([-7301, 1201]);
    expect(facts.notRead).toEqual([]);
  });

  test("a balance named in the place of the booking day is no line", async () => {
    const table =
      "Buchungstag;Wert;Verwendungszweck;Betrag;Soll;Haben;Währung\n27.10.2026;27.10.2026;Miete;-19,19;-19,19;;EUR\n" +
      "28.10.2026;28.10.2026;Gehalt;1.000,00;;1.000,00;EUR\nKontostand;28.10.2026;;-501,53;;;EUR\n";
    const { lines } = await readStatement("giro.csv", table);
    expect(lines.map(({ amountMinor }) => amountMinor)).toEqual([1919, -100000]);
  });

  test("a balance with a word before it, without a date, is no line and is not missed", async () => {
    const table =
      "Belegdatum;Verwendungszweck;Betrag;Währung\n23.02.2026;Shop;-1,70;EUR\n24.02.2026;Shop;-1,30;EUR\nOnline-Saldo:;;-41,80;EUR\n";
    const { lines, facts } = await readStatement("card.csv", table);
    expect(lines.map(({ amountMinor }) => amountMinor)).toEqual([170, 130]);
    expect(facts.notRead).toEqual([]);
  });

  test("accounts that are others in most lines are those of the other side", async () => {
    const rows = [1, 2, 3, 4, 5, 6].map(
      (one) => `0${one}.12.2026;Shop ${one};DE0${one}250500000101412112;-${one},80;EUR`,
    );
    const { lines } = await readStatement(
      "giro.csv",
      `Buchungstag;Verwendungszweck;IBAN / Kontonummer;Betrag;Währung\n${rows.join("\n")}\n`,
    );
    expect(lines.map(({ account }) => account)).toEqual(rows.map(() => undefined));
  });

  test("two lines of a card whose words agree need no majority", async () => {
    const table =
      '"Karte";"Visa Kreditkarte"\n"Belegdatum";"Status";"Beschreibung";"Umsatztyp";"Betrag (€)"\n' +
      '"27.12.26";"Gebucht";"Einzahlung";"Unbekannt";"150"\n"20.12.26";"Gebucht";"Kartenpreis";"Entgelt";"-2,49"\n';
    const { lines } = await readStatement("visa.csv", table);
    expect(lines.map(({ amountMinor, flags }) => [amountMinor, flags])).toEqual([
      [-15000, []],
      [249, []],
    ]);
  });

  test("a card's table in Hebrew is a card's", async () => {
    const table =
      "תאריך עסקה,שם בית העסק,סכום עסקה,מטבע חיוב,4 ספרות אחרונות של כרטיס האשראי\n01/02/2026,סופר,123.45,₪,1234\n13/02/2026,BOOKS,89.90,₪,1234\n";
    const { lines } = await readStatement("card.csv", table);
    expect(lines.map(({ amountMinor, currency, flags }) => [amountMinor, currency, flags])).toEqual([
      [12345, "ILS", []],
      [8990, "ILS", []],
    ]);
  });
});

describe("headings of public files", () => {
  test("a column of credit and debit amounts is one of amounts, and a balance beside it none", async () => {
    const { lines } = await readStatement(
      "account.csv",
      "IBAN;Booked At;Text;Credit/Debit Amount;Balance\nLL80;31.12.2026 00:00;Interest;11;24116.3\n" +
        "LL80;31.12.2026 00:00;Shop;-13;24103.3\nLL80;31.12.2026 00:00;Shop;-26;24077.3\nLL80;31.12.2026 00:00;Shop;-9.35;24067.95\n",
      { defaultCurrency: "CHF" },
    );
    expect(lines.map(({ amountMinor, flags }) => [amountMinor, flags.includes("SIGN_UNCERTAIN")])).toEqual([
      [-1100, false],
      [1300, false],
      [2600, false],
      [935, false],
    ]);
  });

  test("the currency in the amounts' own heading is theirs, where a column beside it tells of what was paid in", async () => {
    const { lines } = await readStatement(
      "card.csv",
      "Дата,Деталі операції,Сума в валюті картки (UAH),Сума в валюті операції,Валюта,Залишок після операції\n" +
        "01.04.2026,Google,-431.09,-10.4,EUR,1000.00\n02.04.2026,Uklon,-180,-180,UAH,820.00\n13.04.2026,Uklon,-20,-20,UAH,800.00\n",
    );
    expect(lines.map(({ amountMinor, currency }) => [amountMinor, currency])).toEqual([
      [43109, "UAH"],
      [18000, "UAH"],
      [2000, "UAH"],
    ]);
  });

  test("totals of a way without a date are no lines", async () => {
    const { lines } = await readStatement(
      "conto.csv",
      "Data,Descrizione,Importo\n05/12/2026,Spesa,-724.53\n29/11/2026,Bonifico,750.00\n,Totale Entrate €,2450.00\n,Totale Uscite €,2450.79\n",
      { defaultCurrency: "EUR" },
    );
    expect(lines).toHaveLength(2);
  });
});

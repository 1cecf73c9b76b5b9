import { readStatement, tuples } from "../reading.js";

async function amounts(name: string, content: string, options: Readonly<Record<string, unknown>> = {}) {
  const { lines } = await readStatement(name, content, { defaultCurrency: "EUR", ...options });
  return lines.map(({ amountMinor }) => amountMinor);
}

async function flags(name: string, content: string, options: Readonly<Record<string, unknown>> = {}) {
  const { lines } = await readStatement(name, content, { defaultCurrency: "EUR", ...options });
  return lines.map((line) => line.flags.filter((flag) => flag !== "CURRENCY_ASSUMED"));
}

/** Kinds that were read wrongly or doubted without need on files of banks of Asia, Eastern Europe and Oceania. */
describe("kinds of statements from abroad", () => {
  test("one word does not turn the signs of a few lines against the custom of banks", async () => {
    const table =
      "Date,Payee,Amount\n2026-01-01,Café Jean,42.50\n2026-01-02,Muster GmbH,-15.75\n2026-01-03,Person,100.00\n";
    expect(await flags("few.csv", table)).toEqual([["SIGN_UNCERTAIN"], ["SIGN_UNCERTAIN"], ["SIGN_UNCERTAIN"]]);
  });

  test("a payment service's charges come in: it tells gross, fee and net", async () => {
    const table =
      "transaction_id,created,currency,gross,fee,net,reporting_category\n" +
      "txn_1,2026-01-23 08:26:29,usd,12.00,0.00,12.00,charge\ntxn_2,2026-01-23 08:26:31,usd,-0.77,0.00,-0.77,refund\n";
    expect(await amounts("balance.csv", table)).toEqual([-1200, 77]);
    expect(await flags("balance.csv", table)).toEqual([[], []]);
  });

  test("credits that all carry a minus beside debits that carry none are doubted", async () => {
    const table =
      'Date;Payee;Debit (EUR);Credit (EUR)\n14.02.2026;Shop;"";"-2,95"\n15.02.2026;Shop two;"";"-27,50"\n16.02.2026;Employer;"43,00";""\n';
    expect(await flags("books.csv", table)).toEqual([["SIGN_UNCERTAIN"], ["SIGN_UNCERTAIN"], ["SIGN_UNCERTAIN"]]);
  });

  test("an opening balance that moved something is a line in doubt", async () => {
    const table =
      "Date;Text;Amount;Balance\n20.01.2026;Power;-180,50;-204,01\n05.01.2026;Groceries;-89,30;-23,51\n02.01.2026;Starting Balance;200,00;65,79\n";
    const { lines } = await readStatement("first.csv", table, { defaultCurrency: "EUR" });
    expect(lines.map(({ amountMinor, flags: of }) => [amountMinor, of.includes("AMOUNT_UNCERTAIN")])).toEqual([
      [18050, false],
      [8930, false],
      [-20000, true],
    ]);
  });

  test("blank cells at the end of some lines do not make a table a text", async () => {
    const table =
      "90001\t07.09.2026\tNCHQT66\tName One\t108.00\tEUR\t\t\t\n68001\t08.09.2026\tM4PEHG6\tName Two\t-337.50\tEUR\t\t\t\t\t\n";
    expect(await amounts("export.txt", table)).toEqual([-10800, 33750]);
  });

  test("what a Japanese bank pays out and takes in has two headings", async () => {
    const table =
      '日付,摘要,摘要内容,支払い金額,預かり金額,差引残高\n2026/10/1,カード,,,"10,000","110,000"\n2026/10/29,口座振替,ガス,"59,260",,"50,740"\n';
    expect(await amounts("bank.csv", table, { defaultCurrency: "JPY" })).toEqual([-10000, 59260]);
    expect(await flags("bank.csv", table, { defaultCurrency: "JPY" })).toEqual([[], []]);
  });

  test("an amount used is spent, and with a minus it came in", async () => {
    const table =
      "カードID=0123,,,,\n利用年月日,定期,入場駅,定期,出場駅,利用額(円),残額(円),メモ\n2026/11/14,,,,,480,3005,物販\n2026/11/13,,六本木,,後楽園,195,3601,\n2026/11/11,,秋葉原,,,-3000,5022,チャージ\n";
    const { lines } = await readStatement("card.csv", table);
    expect(lines.map(({ date, amountMinor, currency }) => [date, amountMinor, currency])).toEqual([
      ["2026-11-14", 480, "JPY"],
      ["2026-11-13", 195, "JPY"],
      ["2026-11-11", -3000, "JPY"],
    ]);
    expect(lines.some(({ flags: of }) => of.includes("SIGN_UNCERTAIN"))).toBe(false);
  });

  test("yen behind an amount are its currency", async () => {
    const table = '取引日,内容,出金,入金\n2026/11/13,店,"1,504円",\n2026/11/14,給料,,"10,000円"\n';
    expect(tuples((await readStatement("yen.csv", table)).lines).map((line) => line.slice(1, 3))).toEqual([
      [1504, "JPY"],
      [-10000, "JPY"],
    ]);
  });

  test("dinars of three decimals keep them, whichever way their sign is written", async () => {
    const table =
      '"Date","Payee","Outflow","Inflow"\n2026/11/07,"shop",\u062f.\u0627.\u200f4.750,\u062f.\u0627.\u200f0.000\n2026/12/11,"cafe",\u062f.\u0627.\u200f93.210,\u062f.\u0627.\u200f0.000\n';
    const { lines } = await readStatement("dinar.csv", table);
    expect(lines.map(({ amountMinor, currency, flags: of }) => [amountMinor, currency, of])).toEqual([
      [4750, "JOD", []],
      [93210, "JOD", []],
    ]);
  });

  test("a heading's words name rupees and euros", async () => {
    const rupees = "Date,Description,Amount (in Rs.)\n02/04/2026,NETFLIX,649.00\n18/04/2026,AMAZON,12.00\n";
    const euros = "BELEG;BESCHREIBUNG;BETRAG IN EURO\n29.08.2026;VERSICHERUNG;88,61-\n30.08.2026;DROGERIE;45,30-\n";
    expect((await readStatement("a.csv", rupees)).lines[0]).toMatchObject({ currency: "INR", amountMinor: 64900 });
    expect((await readStatement("b.csv", euros)).lines[0]).toMatchObject({ currency: "EUR", amountMinor: 8861 });
  });

  test("the day of a balance beside the lines gives them its year, and a sentence with a day is no lost line", async () => {
    const table =
      ";;KONTOSTAND AM 26.08.2026;\nBELEG;VALUTA;BESCHREIBUNG;BETRAG IN EURO\n29.08.;30.08.;VERSICHERUNG;88,61-\n02.09.;03.09.;AMAZON;8,99-\n" +
      ";;KONTOSTAND AM 07.09.2026;97,60-\nIHR NAECHSTER ABRECHNUNGSTERMIN 14.09.2026;;;\n";
    const { lines, facts } = await readStatement("card.csv", table);
    expect(lines.map(({ date, amountMinor }) => [date, amountMinor])).toEqual([
      ["2026-08-29", 8861],
      ["2026-09-02", 899],
    ]);
    expect(facts.notRead).toHaveLength(1);
    expect(facts.evidence.map(({ flag }) => flag)).not.toContain("ROWS_NOT_READ");
  });

  test("what a Polish bank says of the way and of the status is understood", async () => {
    const table =
      "Data transakcji;Kwota;Waluta;Opis;Typ transakcji;Status\n2026-04-05;2699;PLN;Zwrot dla transakcji;Transakcja BLIK;Zrealizowana\n" +
      "2026-04-06;-500;PLN;Zakupy;Blokada;W trakcie realizacji\n";
    const { lines } = await readStatement("pl.csv", table);
    expect(lines.map(({ amountMinor, notCounted, flags: of }) => [amountMinor, notCounted, of])).toEqual([
      [-269900, undefined, []],
      [50000, "W trakcie realizacji", ["NOT_COUNTED"]],
    ]);
  });

  test("a settled amount has its fee in it", async () => {
    const table =
      "Date,Transaction type,Description,Settlement amount,Settlement currency,Original amount,Original currency,Fee amount,Fee currency\n" +
      "14-Jun-26,Settlement,Shop payout received,5.69,USD,7.00,USD,-1.31,USD\n15-Jun-26,Card payment,Hotel,-193.57,USD,-193.57,USD,,\n";
    expect(await amounts("settled.csv", table)).toEqual([-569, 19357]);
  });

  test("a code of the row's kind is no rival of its amount", async () => {
    const table =
      "LT357300010133333333,10,2026-09-01,,Opening balance,0.00,EUR,K,AS\nLT357300010133333333,20,2026-09-04,Person One,/ref/,9.00,EUR,K,MK\n" +
      "LT357300010133333333,20,2026-09-04,Person Two,/ref/,283.50,EUR,D,MK\nLT357300010133333333,20,2026-09-05,Person Three,/ref/,283.50,EUR,K,MK\n" +
      "LT357300010133333333,82,2026-09-05,,Turnover,292.50,EUR,K,K2\nLT357300010133333333,86,2026-09-05,,Closing balance,9.00,EUR,K,LS\n";
    expect(await amounts("lt.csv", table)).toEqual([-900, 28350, -28350]);
    expect(await flags("lt.csv", table)).toEqual([[], [], []]);
  });

  test("a number of four digits and no mark shows that a lone point is no thousands' one", async () => {
    const table = "Date,Text,Amount\n2026-05-14,Shop one,-13.300\n2026-05-15,Shop two,-2500\n2026-05-16,Hotel,-8.400\n";
    expect(await amounts("three.csv", table)).toEqual([1330, 250000, 840]);
    expect(await flags("three.csv", table)).toEqual([[], [], []]);
  });

  test("pesos without cents have thousands where a lone point stands", async () => {
    const table = "Fecha;Descripción;Cargos;Abonos\n14/05/2026;Compra;75.000;\n15/05/2026;Sueldo;;900.000\n";
    expect(await amounts("cl.csv", table, { defaultCurrency: "CLP" })).toEqual([75000, -900000]);
    expect(await flags("cl.csv", table, { defaultCurrency: "CLP" })).toEqual([[], []]);
  });

  test("a file of sums alone has no line whose currency could be in doubt", async () => {
    const { lines, facts } = await readStatement(
      "sums.csv",
      "date,description,amount,debit_credit\n2026-03-31,Total debits,8450.23,debit\n2026-03-31,Total credits,9021.44,credit\n",
    );
    expect(lines).toEqual([]);
    expect(facts.evidence.filter(({ flag }) => flag !== undefined)).toEqual([]);
  });

  test("one column for both ways carries its signs", async () => {
    const table = "取引日,入出金(円),取引後残高(円),入出金内容\n2026/11/13,-1504,98496,店\n";
    expect(await amounts("rakuten.csv", table, { defaultCurrency: "JPY" })).toEqual([1504]);
  });

  test("headings with letters that are no accented ones are known", async () => {
    const danish = "Dato;Tekst;Beløb;Saldo\n01-02-2026;Husleje;-4500,00;5500,00\n02-02-2026;Løn;20000,00;25500,00\n";
    const turkish = "Tarih;Açıklama;Borç;Alacak\n14.02.2026;Market;150,25;\n15.02.2026;Maaş;;20.000,00\n";
    expect(await amounts("dk.csv", danish)).toEqual([450000, -2000000]);
    expect(await amounts("tr.csv", turkish)).toEqual([15025, -2000000]);
    expect((await readStatement("tr.csv", turkish)).lines[0]!.description).toBe("Market");
  });

  test("Korean and Thai headings are read letter by letter", async () => {
    const korean =
      "거래일시,적요,출금액,입금액,잔액\n2026.11.13 10:20:30,카페,5100,,94900\n2026.11.14 09:00:00,급여,,2000000,2094900\n";
    const thai = "วันที่,รายการ,ถอนเงิน,ฝากเงิน,คงเหลือ\n13/11/2026,ซื้อ,150.00,,850.00\n14/11/2026,เงินเดือน,,900.00,1750.00\n";
    expect(await amounts("kr.csv", korean, { defaultCurrency: "KRW" })).toEqual([5100, -2000000]);
    expect(await amounts("th.csv", thai, { defaultCurrency: "THB" })).toEqual([15000, -90000]);
  });

  test("Arabic digits are read as others are", async () => {
    const table = "التاريخ,البيان,مدين,دائن,الرصيد\n١٣/١١/٢٠٢٦,شراء,١٥٠٫٢٥,,٨٤٩٫٧٥\n١٤/١١/٢٠٢٦,راتب,,٩٠٠٫٠٠,١٧٤٩٫٧٥\n";
    const { lines } = await readStatement("ar.csv", table, { defaultCurrency: "AED" });
    expect(lines.map(({ date, amountMinor }) => [date, amountMinor])).toEqual([
      ["2026-11-13", 15025],
      ["2026-11-14", -90000],
    ]);
  });

  test("noughts in both columns of a table without a heading moved nothing", async () => {
    const table =
      '4267,31/10/2026,Transfer in,7,0,789200.0,"891,731.67"\n4267,22/10/2026,Fee,6,0.0,0,"102,531.67"\n' +
      '4267,22/10/2026,Transfer out,5,499762.0,0,"102,531.67"\n4267,17/10/2026,Transfer in,4,0,439514.72,"602,293.67"\n';
    expect(await amounts("bajio.csv", table, { defaultCurrency: "MXN" })).toEqual([-78920000, 0, 49976200, -43951472]);
  });

  test("one of two columns that nothing names is doubted as the amounts", async () => {
    const table = "02/10/2026,Shop one,12.50,87.10\n13/10/2026,Shop two,7.25,93.00\n";
    expect((await flags("two.csv", table)).every((of) => of.includes("AMOUNT_UNCERTAIN"))).toBe(true);
  });

  test("a text that bars part is a table", async () => {
    const table =
      "Cuenta|Fecha|Descripción|Depósitos|Retiros|Saldo\n125|03/11/2026|SPEI RECIBIDO|$159,500.00|$0.00|$159,500.00\n125|14/11/2026|COMPRA|$0.00|$320.00|$159,180.00\n";
    expect(await amounts("export.txt", table, { defaultCurrency: "MXN" })).toEqual([-15950000, 32000]);
  });

  test("commas of decimals without quotes are put together again", async () => {
    const table =
      "date,category,title,amount\n01/10/2026,food,Market,-100,50\n15/10/2026,other,Refund,1.500,00\n18/10/2026,home,Power,-99,00\n";
    expect(await amounts("comma.csv", table)).toEqual([10050, -150000, 9900]);
  });

  test("decimals that a program has calculated are an amount", async () => {
    const table =
      "Date,Text,Amount\n2026-10-26,Rental,-400\n2026-10-26,Refund,22.500000000\n2026-10-27,Shop,-15.620000000000001\n";
    expect(await amounts("float.csv", table)).toEqual([40000, -2250, 1562]);
  });

  test("signs before every amount say more than the words beside them", async () => {
    const table =
      'Date,Type,Note,Amount\n2026-10-06,Payment,Rent,"+ $1,150.00"\n2026-10-07,Transfer,,"- $1,150.00"\n2026-10-11,Charge,Utilities,+ $145.73\n';
    expect(await amounts("wallet.csv", table)).toEqual([-115000, 115000, -14573]);
    expect(await flags("wallet.csv", table)).toEqual([[], [], []]);
  });

  test("a line above a table's heading is listed and said to be lost", async () => {
    const table =
      "07.10.2026;Ihre Zahlung;-206,85\n\nDatum;Beschreibung;Betrag\n23.09.2026;Kauf;12,00\n24.09.2026;Kauf zwei;-13,00\n";
    const { facts } = await readStatement("above.csv", table, { defaultCurrency: "EUR" });
    expect(facts.notRead.map(({ row }) => row)).toEqual([1]);
    expect(facts.evidence.map(({ flag }) => flag)).toContain("ROWS_NOT_READ");
  });

  test("a Norwegian bank's columns out of the account and into it are two ways", async () => {
    const table =
      "Dato\tForklaring\tRentedato\tUt fra konto\tInn på konto\n10.09.26\tVarekjøp\t12.09.26\t1345,00\t0,00\n19.09.26\tLønn\t19.09.26\t0,00\t15123,00\n";
    expect(await amounts("dnb.csv", table)).toEqual([134500, -1512300]);
    expect(await flags("dnb.csv", table)).toEqual([[], []]);
  });

  test("a title above a table of a text does not make it a receipt", async () => {
    const table =
      'BANKnet\nLISTE DES MOUVEMENTS DU COMPTE\nLU12 "my account"\n\nDate;Date valeur;Libellé;Communication;Montant (EUR);\n' +
      "09/03/2026;09/03/2026;label one;words;-54.42;\n08/03/2026;08/03/2026;label two;words;-1000.00;\n21/03/2026;25/03/2026;label three;words;24.51;\n";
    expect(await amounts("movements.txt", table)).toEqual([5442, 100000, -2451]);
  });

  test("a page of HTML that a bank sends as a workbook is a statement", async () => {
    const row = (cells: readonly string[]): string => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
    const html =
      `<html><head><style>td { color: red }</style></head><body><table><tr><td><table>${row(["CUSTOMER STATEMENT"])}` +
      `${row(["Currency:Naira"])}</table></td></tr></table><table>` +
      row(["Trans Date", "Reference", "Debit", "Credit", "Balance", "Remarks"]) +
      row(["05/Jan/2026", "0", "2,000.00", "&nbsp;", "67,117.51", "Airtime<br />Purchase"]) +
      `${row(["06/Jan/2026", "17", "", "1,000.00", "68,117.51", "Transfer"])}</table></body></html>`;
    const { lines } = await readStatement("account.xls", html);
    expect(tuples(lines)).toEqual([
      ["2026-01-05", 200000, "NGN", "Airtime Purchase"],
      ["2026-01-06", -100000, "NGN", "Transfer"],
    ]);
  });

  test("points that part thousands and decimals alike are told by their groups", async () => {
    const qif = "!Type:Bank\nD8/30/2026\nT-1.301.25\nPShop\n^\nD8/31/2026\nT1.200.000\nPOther\n^\n";
    expect(await amounts("paypal.qif", qif, { defaultCurrency: "USD" })).toEqual([130125, -120000000]);
  });

  test("a day and a month with a blank between are of the statement's year", async () => {
    const table =
      "Obdobie;1. 5. 2026 - 31. 5. 2026\nDátum;Popis transakcie;Suma\n2. 5.;Čerpanie;-12,90\n14. 5.;Splátka;1 300,54\n";
    const { lines } = await readStatement("vypis.csv", table, { defaultCurrency: "EUR" });
    expect(lines.map(({ date, amountMinor }) => [date, amountMinor])).toEqual([
      ["2026-05-02", 1290],
      ["2026-05-14", -130054],
    ]);
  });
});

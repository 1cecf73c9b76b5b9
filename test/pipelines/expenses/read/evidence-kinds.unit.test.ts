import { readStatement } from "../reading.js";

const EUR = { defaultCurrency: "EUR" };

async function read(name: string, content: string, options: Readonly<Record<string, unknown>> = EUR) {
  const { lines, facts } = await readStatement(name, content, options);
  return {
    lines,
    amounts: lines.map(({ amountMinor }) => amountMinor),
    flags: [
      ...lines.flatMap(({ flags }) => flags),
      ...facts.evidence.flatMap(({ flag }) => flag ?? []).filter((flag) => flag !== "CURRENCY_ASSUMED"),
    ].filter((flag) => flag !== "CURRENCY_ASSUMED"),
    accounts: facts.accounts,
    notRead: facts.notRead,
  };
}

describe("balances", () => {
  test("that follow from each other in another order than the lines are listed in prove them all", async () => {
    const table =
      "Date,Completed,Text,Amount,Balance\n2026-03-02,2026-03-05,Blue,-30.00,60.00\n2026-03-03,2026-03-04,Green,-10.00,90.00\n" +
      "2026-03-06,2026-03-09,Red,25.50,80.50\n2026-03-07,2026-03-08,Grey,-5.00,55.00\n";
    expect((await read("unsorted.csv", table)).flags).toEqual([]);
    const broken = table.replace("-5.00,55.00", "-5.00,54.00");
    expect((await read("unsorted.csv", broken)).flags).toContain("BALANCE_DISAGREES");
  });

  test("that are the same in every row are what the account has today, and break nothing", async () => {
    const table =
      "Date,Text,Debit,Credit,Balance\n2026-03-02,Blue,30.00,,512.00\n2026-03-03,Green,10.00,,512.00\n2026-03-06,Red,,25.50,512.00\n";
    expect(await read("today.csv", table)).toMatchObject({ amounts: [3000, 1000, -2550], flags: [] });
  });

  test("before and after each row tell the amount between them, though no heading says so", async () => {
    const table = "123456789\tEUR\t20260102\t150,00\t110,50\t20260102\t-39,50\tSHOP\n";
    const next = "123456789\tEUR\t20260105\t110,50\t100,00\t20260105\t-10,50\tTRAM\n";
    expect(await read("bank.tab", table + next)).toMatchObject({ amounts: [3950, 1050], flags: [] });
  });

  test("with fees in a column of their own agree with opening and closing", async () => {
    const table =
      "Type,Started Date,Description,Amount,Fee,Currency,State,Balance\nCARD,2026-10-01 22:36:52,One,-405.63,4.06,SEK,COMPLETED,3768.16\n" +
      "CARD,2026-10-02 19:54:53,Two,-985.38,9.85,SEK,COMPLETED,2772.93\nTOPUP,2026-10-26 16:39:57,Three,5000.00,0.00,SEK,COMPLETED,7772.93\n";
    const { flags, amounts, accounts } = await read("fees.csv", table);
    expect([flags, amounts, accounts[0]!.differenceMinor]).toEqual([[], [40969, 99523, -500000], 0]);
  });

  test("that moved count a line which the bank still calls pending, as its release is counted", async () => {
    const table =
      "Date,Name,Status,Currency,Amount,Balance\n18/06/2026,Bank,Completed,EUR,100.00,100.00\n14/07/2026,Hold,Pending,EUR,-13.21,86.79\n" +
      "14/07/2026,Shop,Completed,EUR,-13.21,73.58\n14/07/2026,Release,Completed,EUR,13.21,86.79\n";
    const { lines, flags } = await read("wallet.csv", table);
    expect(lines.map(({ notCounted }) => notCounted)).toEqual([undefined, undefined, undefined, undefined]);
    expect(flags).toEqual([]);
  });
});

describe("amounts", () => {
  test("less their fee are what moved, where a column has that in every row", async () => {
    const table =
      'Datum,Name,Status,Währung,Brutto,Entgelt,Netto\n05.01.2026,Client,Abgeschlossen,EUR,"1.190,00","-34,51","1.155,49"\n' +
      '12.01.2026,Software,Abgeschlossen,EUR,"-54,99","0,00","-54,99"\n28.01.2026,Client,Abgeschlossen,EUR,"595,00","-17,61","577,39"\n';
    expect(await read("wallet.csv", table)).toMatchObject({ amounts: [-115549, 5499, -57739], flags: [] });
  });

  test("take the decimal mark that a balance above the table shows", async () => {
    const table =
      '"Girokonto";"DE12345678901234567890"\n"Kontostand vom 30.12.2026:";"3.600,00 €"\n\n"Buchungsdatum";"Verwendungszweck";"Betrag (€)"\n' +
      '"10.12.26";"Gehalt";"1.000"\n"30.09.26";"Miete";"-2.000"\n';
    expect(await read("dkb.csv", table)).toMatchObject({ amounts: [-100000, 200000], flags: [] });
  });

  test("whose sign contradicts the word beside it are told, where all others agree", async () => {
    const row = (way: string, day: number, amount: string) => `${way},2026-03-0${day},shop ${day},${amount}\n`;
    const rows = row("DEBIT", 1, "-10.00") + row("DEBIT", 2, "-11.00") + row("CREDIT", 3, "30.00");
    const { lines } = await read("ways.csv", `${rows}${row("CREDIT", 4, "-116.22")}`);
    expect(lines.map(({ flags }) => flags.includes("SIGN_UNCERTAIN"))).toEqual([false, false, false, true]);
  });
});

describe("the way of money", () => {
  test("is told by a minus in what an account with an IBAN exports", async () => {
    const table =
      "Buchungstag;Auftraggeber/Beguenstigter;Verwendungszweck;IBAN;BIC;Betrag\n06.01.2026;Muster;Honorar;DE98765432109876543210;MARKDEF1XXX;3.570,00\n" +
      "11.01.2026;Host;Januar;DE11222233334444555566;DEUTDEDB001;-14,99\n";
    expect(await read("umsatz.csv", table)).toMatchObject({ amounts: [-357000, 1499], flags: [] });
  });

  test("is told by a plus", async () => {
    const table = "Date,Who,Amount\n2026-01-01,Friend A,+ 73.01\n2026-01-02,Friend B,- 50.03\n";
    expect(await read("friends.csv", table)).toMatchObject({ amounts: [-7301, 5003], flags: [] });
  });

  test("is out for what a table of a card's merchants lists without a sign, and in for what pays the card", async () => {
    const card =
      "CardId,Date,Amount,Currency,MerchantName,MerchantCountry\n1,2026-03-01,29.00,CHF,Jschalp,CHE\n1,2026-03-04,10.00,CHF,Apple,IRL\n";
    expect(await read("card.csv", card)).toMatchObject({ amounts: [2900, 1000], flags: [] });
    const conta =
      "Conta Cartão Número 45,,\nMoeda:,EUR,\nData,Descrição,Valor\n07/08/2026,COMPRA 31 Loja,9.99\n12/08/2026,PAGAMENTO CARTAO DE CREDITO,-9.99\n13/09/2026,COMPRA 31 Loja,12.82\n";
    expect(await read("conta.csv", conta)).toMatchObject({ amounts: [999, -999, 1282], flags: [] });
  });
});

describe("the order of dates", () => {
  test("is not settled by decimal commas: a card of Sweden writes the month first beside them", async () => {
    const table = "Datum;Text;Belopp\n03/04/2026;Ica;12,50\n03/04/2026;Mat;80,00\n";
    const { flags } = await read("comma.csv", table, { defaultCurrency: "SEK" });
    expect(flags).toContain("DATE_ORDER_UNCERTAIN");
  });

  test("is settled by five days of as many shops, which are not five months' same day", async () => {
    const rows = ["Grocer", "Barber", "Florist", "Baker", "Dentist", "Plumber"].map(
      (name, at) => `05/0${at + 1}/2026,${name},-1${at}.00\n`,
    );
    const { lines, flags } = await read("card.csv", `Date,Text,Amount\n${rows.join("")}`);
    expect([lines[5]!.date, flags.includes("DATE_ORDER_UNCERTAIN")]).toEqual(["2026-05-06", false]);
  });

  test("is settled by the day of a balance among the lines", async () => {
    const table =
      "Data,Historico,Valor\n10/31/2026,Saldo Anterior,100.00\n11/01/2026,Loja,-10.00\n11/01/2026,Mercado,-20.00\n";
    const { lines, flags } = await read("extrato.csv", table, { defaultCurrency: "BRL" });
    expect([lines.map(({ date }) => date), flags.includes("DATE_ORDER_UNCERTAIN")]).toEqual([
      ["2026-11-01", "2026-11-01"],
      false,
    ]);
  });

  test("takes the booking's day where a column before it tells when the file was made", async () => {
    const table =
      "Datum/Zeit;Buchungstag;Text;Betrag\n24.04.2026 12:11;18.04.2026;Miete;-25,99\n24.04.2026 12:11;19.04.2026;Strom;-5,00\n";
    expect((await read("export.csv", table)).lines.map(({ date }) => date)).toEqual(["2026-04-18", "2026-04-19"]);
  });
});

describe("currencies", () => {
  const of = async (name: string, content: string) => (await read(name, content, {})).lines[0]!.currency;
  const table = "Date,Text,Amount\n2026-03-01,Shop,-12.50\n2026-03-02,Inn,-80.00\n";

  test("are told by crowns in the language of the headings", async () => {
    expect(await of("k.csv", "Datum;Text;Belopp\n2026-03-01;Kaffe;-25,00 kr\n")).toBe("SEK");
    expect(await of("k.csv", "Dato;Tekst;Beløp\n2026-03-01;Kaffe;-25,00 kr\n")).toBe("NOK");
    expect(await of("k.csv", "Dato;Tekst;Beløb\n2026-03-01;Kaffe;-25,00 kr\n")).toBe("DKK");
  });

  test("are told by the file's name, by a balance and by a bare code above the table", async () => {
    expect(await of("export-CHF-march.csv", table)).toBe("CHF");
    expect(await of("export.csv", `Account balance as of May 29 2026: £1234.56\n${table}`)).toBe("GBP");
    expect(await of("export.csv", `Account Number : 0808,: NZD\n${table}`)).toBe("NZD");
    expect(await of("export.csv", `Currency,=,IDR\n${table}`)).toBe("IDR");
    expect(await of("export.csv", table)).toBeNull();
  });

  test("of a bare dollar sign are the job's own dollar, in every line", async () => {
    const dollars = "Date,Text,Amount\n2026-03-01,Shop,-$12.50\n2026-03-02,Inn,-US$80.00\n";
    const owed = `Credit limit,"$5,000.00"\n${table}`;
    expect((await read("d.csv", owed, { defaultCurrency: "NZD" })).lines[0]!.currency).toBe("NZD");
    const { lines } = await read("d.csv", dollars, { defaultCurrency: "CAD" });
    expect(lines.map(({ currency }) => currency)).toEqual(["CAD", "USD"]);
  });
});

describe("rows", () => {
  test("with a quote before a number are read without it", async () => {
    const table =
      "Date,Description,Amount,,Balance\n'06/07/2026,TRSF E-BANKING,'950,DB,307\n'08/07/2026,OTOMATIS,'450,CR,757\n";
    expect(await read("quote.csv", table)).toMatchObject({ amounts: [95000, -45000], notRead: [] });
  });

  test("that name the period give their year to dates without one", async () => {
    const table =
      "3,75,'28 February 2026','28 March 2026'\n5,1,'01 Mar','Rent',-500.00,40000.00\n5,2,'03 Mar','Shop',-20.00,39980.00\n";
    const { lines, notRead } = await read("period.csv", table);
    expect([lines.map(({ date }) => date), notRead]).toEqual([["2026-03-01", "2026-03-03"], []]);
  });

  test("that name the opening balance in any of their cells are no lines", async () => {
    const table =
      "Account number,Account name,Date,Other Party,Money In,Money Out,Balance\nACC1,Cheque,,Opening Balance Brought Forward,,,1000.00\n" +
      "ACC1,Cheque,02/01/2026,Countdown,,45.20,954.80\n";
    expect(await read("kiwi.csv", table)).toMatchObject({ amounts: [4520], notRead: [] });
  });

  test("that are open in the place of their date are kept and not counted", async () => {
    const table =
      '"Buchungstag";"Vorgang";"Umsatz in EUR"\n"offen";"Karte";"-23,86"\n"06.10.2026";"Lastschrift";"-40,01"\n';
    const { lines } = await read("open.csv", table);
    expect(lines.map(({ notCounted }) => notCounted)).toEqual(["offen", undefined]);
  });
});

describe("columns", () => {
  test("of charges and credits are not doubted for what one of them alone would say", async () => {
    const rows = Array.from({ length: 12 }, (_, at) => `Auto,07/${at + 13}/26,SHOP ${at},1${at}.50,\n`).join("");
    const table = `Category,Date,Transaction,Charges $,Credits $\n${rows}Auto,07/30/26,REFUND,,3.10\n`;
    const { amounts, flags } = await read("year.csv", table, { defaultCurrency: "USD" });
    expect([amounts.at(-1), flags]).toEqual([-310, []]);
  });

  test("for each way beside one of amounts say which way it went", async () => {
    const table =
      "Numéro de carte;Date d'achat;Texte;Montant;Monnaie;Débit;Crédit\nXXXX 1234;28.10.2026;Poste;1215.00;CHF;1215.00;\nXXXX 1234;02.11.2026;Gare;2500.00;CHF;2500.00;\n";
    expect(await read("carte.csv", table)).toMatchObject({ amounts: [121500, 250000], flags: [] });
  });

  test("of directions may say D and K, as in the Baltics", async () => {
    const table =
      "Client account;Date;Payee;Amount;Currency;Debit/Credit\nEE00;04.01.2026;Norris;10,00;EUR;D\nEE00;12.01.2026;Le;500,00;EUR;K\n";
    expect(await read("swed.csv", table)).toMatchObject({ amounts: [1000, -50000], flags: [] });
  });

  test("of the other side's accounts part no chain of balances", async () => {
    const table =
      "Date,Amount,Currency,Description,Running Balance,Payee Account\n23-12-2026,-3.05,CHF,Shop one,185.95,0000\n16-12-2026,-11.00,CHF,Shop two,189.00,0000\n15-12-2026,200.00,CHF,Topped up,200.00,\n";
    expect((await read("wise.csv", table)).flags).toEqual([]);
  });

  test("in which a line is reserved in the place of its date keep it, in no total", async () => {
    const table = "Bokföringsdag;Belopp;Rubrik;Saldo;Valuta\nReserverat;-119,00;Reservation Kortköp;;SEK\n";
    const { lines } = await read("reserverat.csv", table);
    expect(lines).toMatchObject([{ date: null, amountMinor: 11900, notCounted: "Reserverat" }]);
  });
});

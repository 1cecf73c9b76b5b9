import { readStatement } from "../reading.js";

const HEADING = "Datum;Buchungstext;Betrag Detail;Belastung;Gutschrift;Saldo\n";

async function read(rows: string, heading = HEADING) {
  const { lines, facts } = await readStatement("table.csv", heading + rows, { defaultCurrency: "CHF" });
  return { amounts: lines.map(({ amountMinor }) => amountMinor), unread: facts.notRead.map(({ row }) => row), facts };
}

describe("rows without a date between the lines of a table", () => {
  test("are the parts of the line above where they add up to it", async () => {
    const { amounts, unread } = await read(
      "27.02.2026;Sammelauftrag;;1588.10;;3304.76\n;Shop One;88.10;;;\n;Shop Two;1500.00;;;\n26.02.2026;Lohn;;;100.00;4892.86\n",
    );
    expect([amounts, unread]).toEqual([[158810, -10000], []]);
  });

  test("are listed where they do not add up", async () => {
    const { amounts, unread, facts } = await read(
      "27.02.2026;Sammelauftrag;;1588.10;;3304.76\n;Shop One;88.10;;;\n;Shop Two;1400.00;;;\n26.02.2026;Lohn;;;100.00;4892.86\n",
    );
    expect([amounts, unread]).toEqual([
      [158810, -10000],
      [3, 4],
    ]);
    expect(facts.evidence).toContainEqual(expect.objectContaining({ flag: "ROWS_NOT_READ" }));
  });

  test("are sums where each column tells what all lines have there, and balances where they tell nothing else", async () => {
    const { amounts, unread } = await read(
      "Ellibo;;;15.00;7.00;\nFunix;;;;;92.00\n27.02.2026;Shop;;10.00;;92.00\n26.02.2026;Lohn;;;7.00;102.00\n25.02.2026;Shop;;5.00;;95.00\nPotiunda;;;;;100.00\n",
    );
    expect([amounts, unread]).toEqual([[1000, -700, 500], []]);
  });

  test("are sums in the place of the text as well", async () => {
    const { amounts } = await read(
      "27.02.2026;Shop;;10.00;;92.00\n26.02.2026;Lohn;;;7.00;102.00\n;Débitos / Créditos:;;10.00;7.00;\n",
    );
    expect(amounts).toEqual([1000, -700]);
  });

  test("stay lines without a date where they are no sum", async () => {
    const { amounts } = await read(
      "27.02.2026;Shop;;10.00;;92.00\n26.02.2026;Lohn;;;7.00;102.00\n;Gebühr;;3.00;;89.00\n",
    );
    expect(amounts).toEqual([1000, -700, 300]);
  });

  test("go on with the words of the line above, whatever figures are in them", async () => {
    const { amounts, unread } = await read(
      "27.02.2026;Shop;;10.00;;92.00\n;Order of 12.02.2026, 68.27 less 58.27;;;;\n26.02.2026;Lohn;;;7.00;102.00\n;Zins 4,83 CHF;;;;\n",
    );
    expect([amounts, unread]).toEqual([[1000, -700], []]);
  });

  test("are what is available, or a total, where they are called so", async () => {
    const { amounts, unread } = await read(
      "2026-02-27,Shop,-10.00,92.00\n2026-02-26,Salary,7.00,102.00\nTotal debits and charges,,158.69,75.01\nDisponible,2000.20,,\n",
      "Date,Text,Amount,Balance\n",
    );
    expect([amounts, unread]).toEqual([[1000, -700], []]);
  });

  test("a sign that was lost between thousands parts them", async () => {
    const { amounts } = await read(
      "27.02.2026;Shop;;1\ufffd333.85;;26\ufffd701.54\n26.02.2026;Shop;;20.00;;28\ufffd035.39\n",
    );
    expect(amounts).toEqual([133385, 2000]);
  });

  test("columns of amounts named by a compound are those of each way", async () => {
    const { amounts, facts } = await read(
      "11.03.2026;Dauerauftrag;6138.10;;1.00\n07.03.2026;Vergütung;;22600.00;2.00\n",
      "Buchungsdatum;Text;Belastungsbetrag (CHF);Gutschriftsbetrag (CHF);Saldo (CHF)\n",
    );
    expect(amounts).toEqual([613810, -2260000]);
    expect(facts.evidence).not.toContainEqual(expect.objectContaining({ flag: "SIGN_UNCERTAIN" }));
  });
});

describe("rows that moved nothing", () => {
  const rows =
    "27.02.2026;Shop;;10.00;;92.00\n27.02.2026;Kurs 1.0345;;;;\n26.02.2026;Lohn;;;7.00;102.00\n25.02.2026;Shop;;5.00;;95.00\n" +
    ";Einzelbetrag;99.00;;;\n24.02.2026;Shop;;1.00;;100.00\n";

  test("are listed and in no doubt where each balance follows without them", async () => {
    const { amounts, unread, facts } = await read(rows);
    expect([amounts, unread]).toEqual([
      [1000, -700, 500, 100],
      [3, 6],
    ]);
    expect(facts.evidence).toContainEqual(expect.objectContaining({ of: "rows", certainty: "proven" }));
    expect(facts.evidence).not.toContainEqual(expect.objectContaining({ flag: "ROWS_NOT_READ" }));
  });

  test("are in doubt where a balance does not follow", async () => {
    const { facts } = await read(rows.replace("102.00", "103.00"));
    expect(facts.evidence).toContainEqual(expect.objectContaining({ flag: "ROWS_NOT_READ" }));
  });
});

describe("rows called a balance", () => {
  test("are none where they have a day, an amount and more words", async () => {
    const { amounts } = await read(
      "2026-01-05,Shop,-125.50,264.78\n2026-01-02,Balance Adjustment,1975.50,390.28\n",
      "Date,Text,Amount,Balance\n",
    );
    expect(amounts).toEqual([12550, -197550]);
  });

  test("may have their letters apart", async () => {
    const { amounts, unread } = await read(
      "28/10/2026,Saldo Anterior,0,100.00\n30/11/2026,Compra com cartao,136610,-61.97\n30/11/2026,S A L D O,0,38.03\n",
      "Data,Histórico,Número do documento,Valor\n",
    );
    expect([amounts, unread]).toEqual([[6197], []]);
  });

  test("two columns of the same values are one reading, however many decimals they show", async () => {
    const { lines, facts } = await readStatement(
      "operations.csv",
      "Дата операции;Статус;Сумма операции;Валюта операции;Сумма платежа;Валюта платежа;Описание\n" +
        "13.10.2026;OK;-450,00;RUB;-450.0;RUB;Магазин\n12.10.2026;OK;-2790,08;RUB;-2790.08;RUB;ОЗОН\n",
    );
    expect(lines.map(({ amountMinor, flags }) => [amountMinor, flags])).toEqual([
      [45000, []],
      [279008, []],
    ]);
    expect(facts.evidence).not.toContainEqual(expect.objectContaining({ flag: "AMOUNT_UNCERTAIN" }));
  });

  test("a limit is no line", async () => {
    const { unread } = await read(
      "19/07/2026,Visa purchase,-£52.00,-£2.00\n26/05/2026,Contactless,-£15.00,£50.00\nArranged Overdraft Limit,20/08/2026,£100.00,\n",
      "Date,Type,Debit/Credit,Balance\n",
    );
    expect(unread).toEqual([]);
  });
});

describe("lines that are not booked, and columns without a name", () => {
  test("two columns without a heading are told apart by the balance", async () => {
    const { amounts, facts } = await read(
      "31.10.2026;Payment;;15.00;31.10.2026;2996.18\n30.10.2026;Payment;;74.90;30.10.2026;3011.18\n" +
        "29.10.2026;Transfer;400.00;;30.10.2026;3086.08\n28.10.2026;Payment;;1000.00;29.10.2026;2686.08\n",
      "",
    );
    expect(amounts).toEqual([1500, 7490, -40000, 100000]);
    expect(facts.evidence).toContainEqual(expect.objectContaining({ of: "sign", certainty: "proven" }));
  });

  test("what stands under a title of things not booked yet is in no total", async () => {
    const { lines } = await readStatement(
      "conto.csv",
      "Operazioni contabilizzate;;;\nData;Descrizione;Accrediti;Addebiti\n18.04.2026;ACCREDITO;640.00;\n19.04.2026;SPESA;;-48.00\n" +
        "Operazioni non contabilizzate;;;\nData;Descrizione;Accrediti;Addebiti\n17.05.2026;PRENOTAZIONE;;-746.30\n",
      { defaultCurrency: "EUR" },
    );
    expect(lines.map(({ amountMinor, notCounted }) => [amountMinor, notCounted])).toEqual([
      [-64000, undefined],
      [4800, undefined],
      [74630, "Operazioni non contabilizzate"],
    ]);
  });

  test("a word in the place of the booking day is told, where nobody knows what it says", async () => {
    const { lines } = await readStatement(
      "compte.csv",
      "Date comptable,Texte,Débit,Crédit,Date de valeur,Solde\nAlegatinam,Shop,3.00,,01.09.2026,\n" +
        "31.08.2026,Shop,20.00,,31.08.2026,80.00\n30.08.2026,Shop,10.00,,30.08.2026,100.00\n",
      { defaultCurrency: "CHF" },
    );
    expect(lines.map(({ flags }) => flags.includes("STATUS_UNKNOWN"))).toEqual([true, false, false]);
  });

  test("a heading may have a long name in it", async () => {
    const { amounts } = await read(
      "09.09.2026;Shop;;;1'567.50;-188'355.71\n08.09.2026;Shop;;;108.92;-189'923.21\n07.09.2026;Shop;;20.00;;-190'032.13\n",
      "Data;Descrizione;Corso delle divise relativo all'importo originale nella moneta di conteggio;Addebito;Accredito;Saldo\n",
    );
    expect(amounts).toEqual([-156750, -10892, 2000]);
  });
});

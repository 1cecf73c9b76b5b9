import { readReceipt as readText } from "../../../../src/pipelines/expenses/read/receipt.js";
import { readReceipt } from "../reading.js";

async function sumOf(text: string, options: Readonly<Record<string, unknown>> = {}) {
  const { amountMinor, currency, flags } = await readReceipt("receipt.txt", text, options);
  return [amountMinor, currency, flags.includes("TOTAL_UNCERTAIN")];
}

/** Kinds that were read wrongly or not at all on receipts that nobody here had seen. */
describe("kinds of fresh receipts", () => {
  test("Korean words for the sum are known, with blanks between their letters or without", async () => {
    const slip =
      "가맹점 : 김치식당\n금    액  30,516원\n부가세  3,052원\n합    계  33,568원\n거래일시 : 2022/04/27 16:20:28\n";
    expect(await sumOf(slip)).toEqual([33568, "KRW", false]);
    const till =
      "2022.04.27 15:24\n연필 3,000 1 3,000\n명찰 2,000 1 2,000\n과세합계 4,545\n부가세 455\n판매합계 5,000\n신용카드 5,000\n";
    expect(await sumOf(till, { defaultCurrency: "KRW" })).toEqual([5000, "KRW", false]);
  });

  test("in Japan the sum is what stands behind 合計, not what is handed over, given back or taxed", async () => {
    const till =
      "パン屋\n2026年3月14日\n食パン ¥200軽\n菓子パン ¥400軽\n小計\n¥600\n8%税\n¥48\n合計\n¥648\n(うち消費税等\n¥48)\nお預り\n¥1,008\nお釣り\n¥360\n";
    expect(await sumOf(till)).toEqual([648, "JPY", false]);
  });

  test("a receipt of which a part was paid back later is none that pays back", async () => {
    const paid = "Shop\nDate paid March 25, 2024\nTotal  $20.12\nAmount paid  $20.12\n";
    expect(await sumOf(`${paid}Refunded on March 26, 2024  $5.00\n`)).toEqual([2012, "USD", false]);
    expect(await sumOf("Shop\nMarch 25, 2024\nRefund  $20.12\nTotal  $20.12\n")).toEqual([-2012, "USD", false]);
  });

  test("on a picture a sum that no other figure confirms is looked at", () => {
    const flagsOf = (text: string, isOcr: boolean): readonly string[] =>
      readText({ text, isOcr }, { currency: "EUR", employee: null, dateOrder: "auto" }).flags;
    const till = "MARKT\nBROT 10,99\nMILCH 11,79\nSUMME EUR 22,87\n02.03.2020\n";
    expect(flagsOf(till, true)).toContain("TOTAL_UNCERTAIN");
    expect(flagsOf(till, false)).not.toContain("TOTAL_UNCERTAIN");
    for (const confirmed of [till.replace("22,87", "22,78"), `${till}VISA EUR 22,87\n`])
      expect(flagsOf(confirmed, true)).not.toContain("TOTAL_UNCERTAIN");
  });

  test("a bill of ten thousand figures is read in seconds", async () => {
    const lines = Array.from(
      { length: 10_000 },
      (_, at) => `Parcel ${at} total tax  ${(at % 900) + 1}.${10 + (at % 90)}`,
    );
    const startedAt = performance.now();
    await sumOf(["CARRIER", "2026-03-31", ...lines, "Grand total due: $503,825.58"].join("\n"));
    expect(performance.now() - startedAt).toBeLessThan(20_000);
  });

  test("a figure's currency may be a word behind it", async () => {
    expect(await sumOf("ガス 検針\n2026年3月5日\n合計 13,120円\n")).toEqual([13120, "JPY", false]);
  });

  test("of three figures in a line of which one is the sum of the others, that one is the sum", async () => {
    const hungarian =
      "Számla kelte: 2026. 01. 20.\nAjtó  10 000.00 €\nFiók  1 418.70 €\nÖsszesítve:  11 418.70\nNettó  %  ÁFA  Bruttó\n11 418.70 €  27  3 083.05 €  14 501.75 €\nÁthárított adó: 1 189 965 HUF\n";
    expect(await sumOf(hungarian)).toEqual([1450175, "EUR", false]);
    const german =
      "MARKT\nBROT  10,00\nMILCH  1,00\nSUMME EUR 11,00\nGeg. EC-Cash EUR 11,00\nSteuer % Netto Steuer Brutto\nB= 7,0% 10,28 0,72 11,00\nGesamtbetrag 10,28 0,72 11,00\n01.01.2020\n";
    expect(await sumOf(german)).toEqual([1100, "EUR", false]);
  });

  test("a sum that is less than several of the goods is looked at", async () => {
    expect(await sumOf("店\n2026年3月23日\n茶 ¥138\n肉 ¥1,183\n米 ¥351\n合計\n¥5\n¥1,672\n")).toEqual([5, "JPY", true]);
  });

  test("two orders in one mail have no one sum", async () => {
    const order = (net: string, tax: string, total: string): string =>
      `Item Subtotal: £${net}\nVAT: £${tax}\nOrder Total: £${total}\n`;
    expect(await sumOf(`Shop\n11 December 2018\n${order("58.29", "11.66", "69.95")}`)).toEqual([6995, "GBP", false]);
    const both = order("58.29", "11.66", "69.95") + order("13.32", "2.67", "15.99");
    expect((await sumOf(`Shop\n11 December 2018\n${both}`))[2]).toBe(true);
  });

  test("the same words at the sum before and after a payment are one order", async () => {
    const invoice =
      "Shop\n11 December 2018\nSubtotal £60.00\nVAT £12.00\nTotal due £72.00\nPaid £20.00\nTotal due £52.00\n";
    expect(await sumOf(invoice)).toEqual([7200, "GBP", false]);
  });

  test("cells that stand outside rows, or inside spans and forms, are read as browsers show them", async () => {
    const mail = `<html><body><p>1 Jun 2018</p><table><td><table><tr><span><td>You sent a payment of £4.49 GBP to La Barbiera</td></span></tr>
<form><tr><td>Postage</td><td>£0.50 GBP</td></tr></form><span>Thank you</span></table></td>
<tr><td>Total</td><td>£4.49 GBP</td></tr></table></body></html>`;
    expect(await readReceipt("mail.html", mail)).toMatchObject({
      merchant: "La Barbiera",
      date: "2018-06-01",
      amountMinor: 449,
      currency: "GBP",
    });
  });

  test("a day of birth, a last day to pay and the day of a collection are not the receipt's", async () => {
    for (const [text, day] of [
      ["CLINIC\nDate of Birth: 05/15/1980\nInvoice Date: 01/15/2024\nTOTAL $66.00\n", "2024-01-15"],
      [
        "Facture n°5620 du 02 Juillet 2015\nDate limite de paiement le 05 Juillet 2015\nTotal TTC 29,99 €\n",
        "2015-07-02",
      ],
      ["Shop\nCollected within 3 working days after 29 Nov 2020\n26 Nov 2020 16:56 GMT\nTotal £5.00\n", "2020-11-26"],
    ])
      expect((await readReceipt("receipt.txt", text!)).date).toBe(day);
  });

  test("Malaysia writes RM at its figures", async () => {
    expect(await sumOf("Kedai\n2023/02/21\nSausage  RM10.20\nTotal after Rounding RM10.20\n")).toEqual([
      1020,
      "MYR",
      false,
    ]);
  });

  test("the word for the day of issue may stand far before the date", async () => {
    const text =
      "Dostawa:  03.10.2025\nData wystawienia, z zastrzeżeniem art. 106na ust. 1 ustawy: 31.10.2025\nRazem 10,00 PLN\n";
    expect((await readReceipt("faktura.txt", text)).date).toBe("2025-10-31");
  });

  test("a sign may stand in the words for the sum", async () => {
    expect(await sumOf("Woodwork\nJanuary 26, 2019\nTotal Due ($)\n65.33\n")).toEqual([6533, "USD", false]);
  });

  test("a date may have blanks behind its points, or the year of a Japanese era", async () => {
    expect((await readReceipt("szamla.txt", "Számla kelte: 2026. 01. 20.\nTotal 10.00 €\n")).date).toBe("2026-01-20");
    expect((await readReceipt("seikyu.txt", "請求書\n発行日: 令和6年1月15日\n合計: ¥55,000\n")).date).toBe(
      "2024-01-15",
    );
  });

  test("what a paper says of itself is not its seller", async () => {
    for (const [text, seller] of [
      ["INVOICE INV-2025-1175\nSELLER  BUYER\nTech Works SAS  Acme SAS\nTotal 12.00 EUR\n", "Tech Works SAS"],
      [
        "Invoice #: 123\nCreated: January 1, 2023\nFrom:\nBright Sites, Inc.\nTo:\nAcme Corp.\nTotal: $385.00\n",
        "Bright Sites, Inc.",
      ],
      ["SZÁMLA\nSzállító:  Ajtó Kft  Vevő:  Bútor Kft\n2026. 01. 20.\nTotal 10.00 €\n", "Ajtó Kft"],
      ["DUPLIKAT\nMARKT Muster oHG\nSUMME EUR 8,62\n01.01.2020\n", "MARKT Muster oHG"],
    ])
      expect((await readReceipt("receipt.txt", text!)).merchant).toBe(seller);
  });

  test("other names of the page are kept for the matching: companies, sites, whom a payment went to", async () => {
    const { otherNames } = await readReceipt(
      "ticket.txt",
      "Online-Ticket\nA1\n2.7.2017\nCena: 239 CZK\nSA - BUS AGENCY, s.r.o., tel. 1\ninfo@rapidbus.cz, boss@gmail.com\nNot as good\n",
    );
    expect(otherNames).toEqual(expect.arrayContaining(["SA - BUS AGENCY", "rapidbus"]));
    expect(otherNames).not.toContain("gmail");
  });
});

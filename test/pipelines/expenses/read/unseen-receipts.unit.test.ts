import { readReceipt } from "../reading.js";

async function total(text: string) {
  const { amountMinor, flags } = await readReceipt("receipt.txt", text, { defaultCurrency: "CAD" });
  return [amountMinor, flags.includes("TOTAL_UNCERTAIN")];
}

/** Kinds that were read wrongly without a word on till receipts that nobody here had seen. */
describe("kinds of unseen receipts", () => {
  test("what is printed about refunds makes none, with blanks in its words or without", async () => {
    for (const about of ["REFUND / EXCHANG E SEE BACK OF R ECEIPT", "REFUND/LxCHANGE SEE BACK OF RECEIPT"])
      expect(await total(`SHOP\n08/01/2026\nSUBTOTAL  6.00\nGST  0.30\nTOTAL  $6.30\n${about}\n`)).toEqual([
        630,
        false,
      ]);
  });

  test("a card of refunds that is redeemed pays; one that is issued gives back", async () => {
    const bought = "SHOP\n08/01/2026\nSUBTOTAL  70.79\nGST  3.54\nTOTAL  $74.33\n";
    expect(await total(`${bought}REFUND CARD RED EEMED  $  74.33\nREFUND CARD BALANCE : $ 10.26\n`)).toEqual([
      7433,
      false,
    ]);
    expect(
      await total("SHOP\n08/01/2026\nSUBTOTAL  -8.99\nGST  -0.45\nTOTAL  -9.44\nREFUND CARD ISSUED  $ 9.44\n"),
    ).toEqual([-944, false]);
  });

  test("the sum of a refund is one, whatever it asks for beside", async () => {
    expect(await total("SHOP\n08/01/2026\nRefund total (please allow some days): 23.00\n")).toEqual([-2300, false]);
  });

  test("blanks around decimal points are a scanner's", async () => {
    const till =
      "SHOP\n08/01/2026\nSUBTOTAL  $31.05\nGST  $1 . 07\nTOTAL  $3 2 . 1 2\nVISA  $32 . 1 2\nCHANGE  $0.00\n";
    expect(await total(till)).toEqual([3212, false]);
    expect(await total("SHOP\n08/01/2026\nSUBTOTAL  63.74\nGST  3.19\nTOTAL  66 .93\n")).toEqual([6693, false]);
  });

  test("what comes after the tax is the sum, also where the figure before it is called a total", async () => {
    const till =
      "GRILL\n08/01/2026\nBowl  12.00\nSoup  6.86\nMet Total:  $18.86\nGST  $0.94\nTIP:  $0.00\nTOTAL:  $19.80\n";
    expect(await total(till)).toEqual([1980, false]);
  });

  test("the balance behind the tax is what is to be paid", async () => {
    expect(await total("SHOP\n08/01/2026\nMILK  20.00\n**** TAX    .39 BAL      20.39\nVISA  20.39\n")).toEqual([
      2039,
      false,
    ]);
  });

  test("a total far from net and tax is looked at", async () => {
    expect(await total("SHOP\n08/01/2026\nSUBTOTAL  $105.36\nGST  $5.27\nTOTAL  5110.63\n")).toEqual([511063, true]);
  });

  test("the day on which a card expires is not the receipt's", async () => {
    const slip = "STATION\nTOTAL TTC  € 21.74\nDate d'expiration  31/05/18\n07-04-2017 18:49\n";
    expect((await readReceipt("slip.txt", slip)).date).toBe("2017-04-07");
  });

  test("a terminal's date may have its year in front, where all three numbers have two figures", async () => {
    const { date, otherDate } = await readReceipt("slip.txt", "SHOP\nTOTAL  $6.30\nDATE/TIME  13/02/03 20:03:18\n");
    expect([date, otherDate]).toContain("2013-02-03");
    expect(await readReceipt("slip.txt", "SHOP\nTOTAL  € 6.30\nDate  13/02/2003\n")).not.toHaveProperty("otherDate");
  });
});

import { readStatement } from "../reading.js";

async function read(name: string, content: string): Promise<(string | number | null)[][]> {
  const { lines } = await readStatement(name, content);
  return lines.map(({ date, amountMinor, currency }) => [date, amountMinor, currency]);
}

describe("kinds of tables", () => {
  test("commas in texts and amounts part no table that semicolons part", async () => {
    const table = ["03", "04", "05"].map((day) => `${day}.01.2026;Café, Berlin, DE, ${day};-12,50\n`).join("");
    const { lines } = await readStatement("cafe.csv", `Datum;Händler;Betrag\n${table}`, { defaultCurrency: "EUR" });
    expect(lines.map(({ description, amountMinor }) => [description, amountMinor])).toEqual(
      ["03", "04", "05"].map((day) => [`Café, Berlin, DE, ${day}`, 1250]),
    );
  });

  test("a product is what was bought where nothing else tells it", async () => {
    const { lines } = await readStatement(
      "shop.csv",
      "Date,Product,Amount,Currency\n2026-01-13,Green tea,-5.30,EUR\n2026-01-14,Coffee beans,-6.30,EUR\n",
    );
    expect(lines.map(({ description, account }) => [description, account])).toEqual([
      ["Green tea", undefined],
      ["Coffee beans", undefined],
    ]);
  });

  test("the other side's account is not the account that a line is of, and parts no balances", async () => {
    const { lines, facts } = await readStatement(
      "belgium.csv",
      "Rekening;Boekingsdatum;Rekening tegenpartij;Naam tegenpartij;Bedrag;Devies;Saldo\n" +
        "BE68539007547034;13/01/2026;BE71096123456769;Shop;-5,30;EUR;94,70\n" +
        "BE68539007547034;14/01/2026;BE43068999999501;Wage;100,00;EUR;194,70\n",
    );
    expect(lines.map(({ account, amountMinor }) => [account, amountMinor])).toEqual([
      ["BE68539007547034", 530],
      ["BE68539007547034", -10000],
    ]);
    expect(facts.accounts).toMatchObject([{ openingMinor: 10000, closingMinor: 19470, differenceMinor: 0 }]);
  });

  test("balances follow over all lines, where a column of accounts is that of the partners", async () => {
    const { lines, facts } = await readStatement(
      "partners.csv",
      "Date,Label,Amount,Balance,Bank Account\n2026-01-13,One,-33.50,-23.50,123456789\n2026-01-14,Two,1533.50,1510.00,\n",
    );
    expect(lines.map(({ amountMinor, flags }) => [amountMinor, flags])).toEqual([
      [3350, []],
      [-153350, []],
    ]);
    expect(facts.evidence).toContainEqual(expect.objectContaining({ of: "sign", certainty: "proven" }));
  });

  test("a heading of two words in one is two words", async () => {
    const { lines } = await readStatement(
      "camel.csv",
      "Date,Amount,CounterpartyAccount,Communication\n2026-01-13,-5.30,BE22222222222222,Tea\n2026-01-14,-6.30,BE33333333333333,Coffee\n",
    );
    expect(lines.map(({ account }) => account)).toEqual([undefined, undefined]);
  });

  test("Chinese headings have no blanks around them; the yuan has decimals where the yen has none", async () => {
    const yuan =
      "交易创建时间,交易类型,订单标题,收/支,实付金额\n2026-02-28 20:35:13,支付,奶茶,支出,¥21.17\n2026-02-27 07:04:17,退款,蛋挞,收入,¥20.00\n";
    expect(await read("meituan.csv", yuan)).toEqual([
      ["2026-02-28", 2117, "CNY"],
      ["2026-02-27", -2000, "CNY"],
    ]);
    expect(
      await read("yen.csv", "Date,Text,Amount\n2026-02-28,Ramen purchase,-¥950\n2026-02-27,Refund,¥500\n"),
    ).toEqual([
      ["2026-02-28", 950, "JPY"],
      ["2026-02-27", -500, "JPY"],
    ]);
  });

  test("a year stands in the title, and remarks in brackets behind amounts", async () => {
    const card =
      '信用卡对账单（2026年01月）\n交易日,记账日,交易摘要,人民币金额,卡号末四位\n12/29,12/30,消费一,56.78,1234\n01/05,01/07,消费二,"8,000.00(CN)",1234\n';
    expect(await read("cmb.csv", card)).toEqual([
      ["2025-12-29", 5678, "CNY"],
      ["2026-01-05", 800000, "CNY"],
    ]);
  });

  test("words of Chinese lines tell that a card writes its charges without a minus", async () => {
    const card =
      "交易日期,交易摘要,交易金额,交易货币\n2026/01/05,（消费）甲,15.90,人民币\n2026/01/04,（退款）乙,-97.20,人民币\n2026/01/03,（消费）丙,387.42,人民币\n2026/01/02,（还款）丁,-1130.68,人民币\n";
    expect(await read("cgb.csv", card)).toEqual([
      ["2026-01-05", 1590, "CNY"],
      ["2026-01-04", -9720, "CNY"],
      ["2026-01-03", 38742, "CNY"],
      ["2026-01-02", -113068, "CNY"],
    ]);
  });

  test("a few lines with as many signs as not are no proof of a way", async () => {
    const { lines } = await readStatement(
      "few.csv",
      "Date,Text,Amount\n2026-01-01,Aaa,15.90\n2026-01-02,Bbb,-97.20\n2026-01-03,Ccc,7.42\n2026-01-04,Ddd,-11.00\n",
    );
    for (const { flags } of lines) expect(flags).toEqual(["SIGN_UNCERTAIN"]);
  });

  test("a direction may be said twice in one cell", async () => {
    expect(
      await read("bocom.csv", "交易日期,借贷,交易金额,摘要\n2026-01-01,贷 Cr,1.23,利息\n2026-02-02,借 Dr,3.21,购物\n"),
    ).toEqual([
      ["2026-01-01", -123, null],
      ["2026-02-02", 321, null],
    ]);
  });

  test("single quotes around cells, and months of other languages", async () => {
    expect(
      await read(
        "quotes.csv",
        "'Datum','Beskrywing','Bedrag'\n'01 Maart 2026','Bank Fee',-500.00\n'02 Mei 2026','Coffee shop',-25.00\n",
      ),
    ).toEqual([
      ["2026-03-01", 50000, null],
      ["2026-05-02", 2500, null],
    ]);
    expect(
      await read("polish.csv", "Data;Opis;Kwota\n3 stycznia 2026;Zakup;-5,00\n4 grudnia 2026;Zakup;-6,00\n"),
    ).toEqual([
      ["2026-01-03", 500, null],
      ["2026-12-04", 600, null],
    ]);
  });
});

import { gapsOf } from "../../../../src/pipelines/expenses/report/chains.js";
import { readStatement } from "../reading.js";

/** A month's statement of one account, with a balance behind each line. */
async function month(name: string, account: string, rows: readonly string[]) {
  const { facts } = await readStatement(
    name,
    `Account,Date,Description,Amount,Balance\n${rows.map((row) => `${account},${row}`).join("\n")}\n`,
    { defaultCurrency: "EUR" },
  );
  return { id: name, name, facts };
}
const MINE = "BE68539007547034";

describe("statements of one account", () => {
  const january = () => month("january.csv", MINE, ["2026-01-05,Shop,-10.00,90.00", "2026-01-20,Shop,-20.00,70.00"]);
  const february = () => month("february.csv", MINE, ["2026-02-05,Shop,-5.00,65.00", "2026-02-20,Shop,-5.00,60.00"]);
  const april = () => month("april.csv", MINE, ["2026-04-05,Shop,-1.00,49.00", "2026-04-20,Shop,-1.00,48.00"]);

  test("that follow each other have no gap, in whatever order they came", async () => {
    expect(gapsOf([await february(), await january()])).toEqual([]);
  });

  test("between which a month is missing name it, with both balances", async () => {
    expect(gapsOf([await january(), await february(), await april()])).toEqual([
      {
        statement: "april.csv",
        account: MINE,
        reason: `february.csv ends with 60.00 and april.csv begins with 50.00 (account ${MINE}): 2026-03 is missing`,
      },
    ]);
    const [gap] = gapsOf([await january(), await april()]);
    expect(gap!.reason).toMatch(/2026-02 to 2026-03 are missing$/);
  });

  test("of other accounts, and such as overlap, tell nothing", async () => {
    const other = await month("other.csv", "BE43068999999501", [
      "2026-02-05,Shop,-5.00,5.00",
      "2026-02-06,Shop,-1.00,4.00",
    ]);
    const again = await month("again.csv", MINE, ["2026-01-10,Shop,-20.00,500.00", "2026-01-25,Shop,-5.00,495.00"]);
    expect(gapsOf([await january(), other, again])).toEqual([]);
  });
});

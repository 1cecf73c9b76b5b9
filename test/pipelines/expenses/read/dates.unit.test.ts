import { describe, expect, test } from "@jest/globals";
import { findDates, readDate } from "../../../../src/pipelines/expenses/dates.js";

describe("dates as China and Japan write them", () => {
  test("are read whole, with blanks or without", () => {
    const date = { kind: "known", day: 5, month: 1, year: 2026 };
    expect(readDate("2026年01月05日")).toEqual(date);
    expect(findDates("请于 2026 年 1 月 5 日前还款").map((one) => one.date)).toEqual([date]);
  });

  test("that name no day are no dates: nobody says which day was meant", () => {
    expect(readDate("2026年01月")).toBeNull();
    expect(findDates("2026年1月分")).toEqual([]);
  });
});

import { describe, expect, test } from "@jest/globals";
import { orSetAside } from "../../src/engine/expiry/set-aside.js";

const failure = (code: string): Error => Object.assign(new Error(`SQLSTATE ${code}`), { code });
const never = async (): Promise<unknown> => {
  throw new Error("must not be asked of the database");
};

/** What became of a thing whose work failed with this SQLSTATE. */
async function failedWith(code: string): Promise<{ result: number | null; told: string[]; setAside: number }> {
  const told: string[] = [];
  let setAside = 0;
  const result = await orSetAside<number>(
    { db: { query: never as never }, onError: (_error, doing) => told.push(doing) },
    "emptying X",
    () => Promise.reject(failure(code)),
    async () => {
      setAside += 1;
    },
  );
  return { result, told, setAside };
}

describe("what fails", () => {
  test("by itself is told of and set aside", async () => {
    const told = ["emptying X; it will be tried again later"];
    expect(await failedWith("23503")).toEqual({ result: null, told, setAside: 1 });
  });

  test.each(["55P03", "40P01", "40001"])("for a moment only (%s) is told of and stays due", async (code) => {
    const told = ["emptying X; the next sweep tries it again"];
    expect(await failedWith(code)).toEqual({ result: null, told, setAside: 0 });
  });

  test.each(["08006", "57P01", "53100"])("since the database is away or full (%s) is no fault of it", async (code) => {
    await expect(failedWith(code)).rejects.toThrow(`SQLSTATE ${code}`);
  });
});

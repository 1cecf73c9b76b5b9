import { describe, expect, test } from "@jest/globals";
import { eachPage, eachPageById } from "../../src/database/each-page.js";

/** A table of numbers, read as a statement would; notes what is asked of it. */
function table(numbers: number[]) {
  const asked: [after: number, limit: number][] = [];
  const read = async (after: number, limit: number): Promise<{ n: number }[]> => {
    asked.push([after, limit]);
    return numbers
      .filter((n) => n > after)
      .slice(0, limit)
      .map((n) => ({ n }));
  };
  const pages = () => eachPage({ after: 0, size: 2, keyOf: ({ n }: { n: number }) => n }, read);
  return { asked, pages };
}

async function all<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const got: T[] = [];
  for await (const page of pages) got.push(page);
  return got;
}

describe("each page", () => {
  test("begins behind the key that the page before ended with, until one is not full", async () => {
    const { asked, pages } = table([3, 5, 8]);
    expect(await all(pages())).toEqual([[{ n: 3 }, { n: 5 }], [{ n: 8 }]]);
    expect(asked).toEqual([
      [0, 2],
      [5, 2],
    ]);
  });

  test("is never empty: a table of full pages ends with a read that finds nothing", async () => {
    const { asked, pages } = table([3, 5]);
    expect(await all(pages())).toEqual([[{ n: 3 }, { n: 5 }]]);
    expect(asked.length).toBe(2);
    expect(await all(table([]).pages())).toEqual([]);
  });

  test("is read when it is asked for, and no further when nobody asks", async () => {
    const { asked, pages } = table([3, 5, 8]);
    for await (const _ of pages()) break;
    expect(asked.length).toBe(1);
  });

  test("by id begins before every uuid", async () => {
    const asked: string[] = [];
    const read = async (after: string): Promise<{ id: string }[]> => {
      asked.push(after);
      return [];
    };
    await all(eachPageById(2, read));
    expect(asked).toEqual(["00000000-0000-0000-0000-000000000000"]);
  });
});

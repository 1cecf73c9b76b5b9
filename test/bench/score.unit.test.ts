import { scoreOf } from "../../bench/score.js";

describe("how a text is compared to its reference", () => {
  test("the same words in the same order are 1, however they are written", () => {
    expect(scoreOf("# One **two**\n| three |", ["one Two three"])).toEqual({ recall: 1, precision: 1, order: 1 });
  });

  test("what is lost lowers the recall, and what is added the precision", () => {
    expect(scoreOf("a b", ["a b c d"])).toEqual({ recall: 0.5, precision: 1, order: 1 });
    expect(scoreOf("a b c d", ["a b"])).toEqual({ recall: 1, precision: 0.5, order: 1 });
    expect(scoreOf("a a a", ["a"])).toMatchObject({ recall: 1, precision: 1 / 3 });
  });

  test("the order is the longest common subsequence of the words that both have", () => {
    expect(scoreOf("c d a b x", ["a b c d y"]).order).toBe(0.5);
    const words = Array.from({ length: 1_000 }, (_, n) => `w${n}`);
    expect(scoreOf([...words.slice(900), ...words.slice(0, 900)].join(" "), [words.join(" ")]).order).toBe(0.9);
    expect(scoreOf(words.toReversed().join(" "), [words.join(" ")]).order).toBe(0.001);
  });

  test("of several references the best counts, and where nothing is to be said nothing is wrong", () => {
    expect(scoreOf("b a", ["a b", "b a"]).order).toBe(1);
    expect(scoreOf("", [""])).toEqual({ recall: 1, precision: 1, order: 1 });
    expect(scoreOf("", ["a"])).toMatchObject({ recall: 0, precision: 1 });
  });

  test("a script without blanks counts by its letters", () => {
    expect(scoreOf("東京", ["東 京 都"]).recall).toBeCloseTo(2 / 3);
  });
});

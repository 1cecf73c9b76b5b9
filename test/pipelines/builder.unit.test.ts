import {
  definePipeline,
  PermanentError,
  pipeline,
  z,
  type DocumentContext,
  type DocumentStage,
} from "../../src/index.js";

/*
 * Half of what is tested here is what the compiler says: without the mistake, or with the mistake let pass, tsc refuses
 * "@ts-expect-error". The pipelines are built as well, so that what a type forbids is seen to be refused, or harmless.
 */
const head = { name: "w", version: 1, options: z.object({ ignoreCase: z.boolean().default(true) }) };
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const isSame = <A, B>(same: Same<A, B>): boolean => same;

describe("the builder", () => {
  test("makes of stages what definePipeline is given as an object", () => {
    const run = async (): Promise<{ n: number }> => ({ n: 1 });
    const when = ({ ignoreCase }: { ignoreCase: boolean }): boolean => ignoreCase;
    const built = pipeline({ ...head, description: "d" })
      .document("read", { run, timeoutMs: 30_000, isolate: true, memoryLimitMiB: 64, when })
      .document("count", { run, maxAttempts: 2, recordFirst: true })
      .collection("total", { run })
      .build();
    expect(built).toEqual(
      definePipeline({
        ...head,
        description: "d",
        documentStages: [
          { name: "read", run, timeoutMs: 30_000, isolate: true, memoryLimitMiB: 64, when },
          { name: "count", run, maxAttempts: 2, recordFirst: true },
        ],
        collectionStages: [{ name: "total", run }],
      }),
    );
  });

  test("is left as it is by what is added to it: two pipelines may begin alike", () => {
    const read = pipeline(head).document("read", { run: async () => null });
    const names = (made: { build(): ReturnType<typeof definePipeline> }): string[] =>
      made.build().documentStages.map(({ name }) => name);
    const two = [read.document("a", { run: async () => null }), read.document("b", { run: async () => null }), read];
    expect(two.map(names)).toEqual([["read", "a"], ["read", "b"], ["read"]]);
  });

  test("names every fault when it is built, as definePipeline does", () => {
    expect(() => pipeline({ name: "A B", version: 0 }).build()).toThrow(
      /name "A B" must match .*version 0 must be .*it has no stages/,
    );
  });

  test("types options by the schema, input by the stage before, and outputs by the name of their stage", () => {
    const built = pipeline(head)
      .document("read", { timeoutMs: 30_000, run: async (ctx) => ({ text: await ctx.document.text() }) })
      .document("count", {
        maxAttempts: 3,
        run: async (ctx) => {
          expect(isSame<typeof ctx.options, { ignoreCase: boolean }>(true)).toBe(true);
          const text = ctx.options.ignoreCase ? ctx.input.text.toLowerCase() : ctx.input.text;
          const words = text.split(/\s+/).filter((word) => word !== "");
          if (words.length === 0) throw new PermanentError("EMPTY", "There is nothing to count; send some text.");
          return { words: words.length, different: new Set(words).size };
        },
        check: ({ words, different }, staged) => different <= words && staged.chunks === 0,
      })
      .collection("total", {
        run: async (ctx) => {
          let words = 0;
          for await (const { document, output } of ctx.documentOutputs("count")) {
            words += document.name === "" ? 0 : output.words;
          }
          return { words };
        },
      })
      .collection("report", { run: async (ctx) => ({ twice: ctx.input.words * 2 }) })
      .build();
    expect(built.collectionStages.map(({ name }) => name)).toEqual(["total", "report"]);
  });

  test("takes a number for a number and not for 1, and keeps a literal that is declared", async () => {
    const counted = pipeline(head).document("count", {
      run: async () => ({ words: 1, kind: "a", list: [1, 2], flag: true, mode: "x" as "x" | "y" }),
    });
    counted.document("next", {
      run: async ({ input }) => {
        isSame<typeof input, { words: number; kind: string; list: number[]; flag: boolean; mode: "x" | "y" }>(true);
        return null;
      },
    });
  });

  test("takes nested interfaces, optional fields and readonly lists", () => {
    interface Row {
      readonly a: number;
      readonly inner: readonly { readonly b: string; readonly c?: number }[];
    }
    const built = pipeline(head)
      .document("ok", { run: async (): Promise<{ rows: Row[] }> => ({ rows: [] }) })
      .collection("t", {
        run: async (ctx) => {
          let n = 0;
          for await (const { output } of ctx.documentOutputs("ok")) n += output.rows[0]?.inner.length ?? 0;
          return { n };
        },
      });
    expect(built.build().name).toBe("w");
  });

  test("takes a stage that was written for definePipeline; what follows it is as free as there", () => {
    const free: DocumentStage = { name: "anything", run: async () => ({ a: 1 }) };
    const built = pipeline(head)
      .document("free", free)
      .document("next", { run: async (ctx) => ({ a: ctx.input.whatever as string }) });
    expect(built.build().documentStages.map(({ name }) => name)).toEqual(["free", "next"]);
  });

  test("types secrets by the names that the stage asks for, wherever they stand in it", () => {
    const built = pipeline(head)
      .document("ask", {
        secrets: ["API_KEY", "API_USER"],
        run: async (ctx) => {
          expect(isSame<typeof ctx.secrets, Readonly<Record<"API_KEY" | "API_USER", string>>>(true)).toBe(true);
          return { length: ctx.secrets.API_KEY.length + ctx.secrets.API_USER.length };
        },
      })
      .document("next", { run: async ({ secrets }) => secrets.OTHER_KEY.length, secrets: ["OTHER_KEY"] })
      .collection("sum", { secrets: ["SUM_KEY"], run: async ({ secrets, input }) => [secrets.SUM_KEY, input] })
      .build();
    expect([...built.documentStages, ...built.collectionStages].map(({ secrets }) => secrets)).toEqual([
      ["API_KEY", "API_USER"],
      ["OTHER_KEY"],
      ["SUM_KEY"],
    ]);
  });

  test("takes no options where there is no schema", () => {
    const built = pipeline({ name: "bare", version: 1 }).document("a", {
      run: async (ctx) => {
        // @ts-expect-error: there are no options
        const length: number = ctx.options.anything.length;
        return { length };
      },
    });
    expect(built.build().options).toBeNull();
  });
});

describe("a compile error is", () => {
  test("a field of the input that the stage before does not return", () => {
    pipeline(head)
      .document("read", { run: async (ctx) => ({ text: await ctx.document.text() }) })
      // @ts-expect-error: text is misspelt
      .document("count", { run: async (ctx) => ({ n: ctx.input.txet.length }) });
  });

  test("an option that the schema does not have", () => {
    // @ts-expect-error: ignoreCase is misspelt
    pipeline(head).document("a", { run: async (ctx) => ({ n: Number(ctx.options.ignorecase) }) });
  });

  test("a secret that the stage does not ask for", () => {
    pipeline(head).document("a", {
      secrets: ["API_KEY"],
      // @ts-expect-error: API_KEY is misspelt
      run: async ({ secrets }) => ({ n: secrets.APIKEY.length }),
    });
    // @ts-expect-error: it asks for none
    pipeline(head).document("a", { run: async ({ secrets }) => ({ n: secrets.API_KEY.length }) });
    pipeline(head).collection("a", {
      secrets: ["API_KEY"],
      // @ts-expect-error: it is another stage's
      run: async ({ secrets }) => ({ n: secrets.OTHER_KEY.length }),
    });
  });

  test("an output that is not JSON, also deep inside", () => {
    const start = pipeline(head);
    // @ts-expect-error: a Date is kept as a string
    start.document("a", { run: async () => ({ at: new Date() }) });
    // @ts-expect-error: a Map is kept as {}
    start.document("a", { run: async () => ({ x: { y: new Map<string, number>() } }) });
    // @ts-expect-error: a bigint can't be kept
    start.document("a", { run: async () => [{ n: 1n }] });
    // @ts-expect-error: bytes are kept as an object of numbers
    start.document("a", { run: async () => ({ bytes: new Uint8Array(1) }) });
    // @ts-expect-error: a Set is kept as {}
    start.collection("a", { run: async () => new Set(["a"]) });
  });

  test("a stage whose outputs are asked for and that there is not", () => {
    pipeline(head)
      .document("count", { run: async () => ({ words: 1 }) })
      .collection("t", {
        run: async (ctx) => {
          // @ts-expect-error: count is misspelt
          for await (const { output } of ctx.documentOutputs("cuont")) return { output };
          return null;
        },
      });
  });

  test("a field that the output of a named stage does not have", () => {
    pipeline(head)
      .document("count", { run: async () => ({ words: 1 }) })
      .collection("t", {
        run: async (ctx) => {
          let n = 0;
          // @ts-expect-error: words is misspelt
          for await (const { output } of ctx.documentOutputs("count")) n += output.word;
          return { n };
        },
      });
  });

  test("to take the output of a stage for granted that may be left out", () => {
    pipeline(head)
      .document("a", { run: async () => ({ x: 1 }), when: (options) => options.ignoreCase })
      // @ts-expect-error: it may be null
      .document("b", { run: async (ctx) => ({ y: ctx.input.x }) });
    pipeline(head)
      .collection("a", { when: (options) => options.ignoreCase, run: async () => ({ x: 1 }) })
      // @ts-expect-error: it may be null
      .collection("b", { run: async (ctx) => ({ y: ctx.input.x }) });
    pipeline(head)
      .document("a", { run: async () => ({ x: 1 }), when: (options) => options.ignoreCase })
      .document("b", { run: async (ctx) => ({ y: ctx.input?.x ?? 0 }) });
  });

  test("a stage written for an input that it does not get, or does not always get", () => {
    const needs = { run: async ({ input }: DocumentContext<{ ignoreCase: boolean }, { x: number }>) => input.x };
    // @ts-expect-error: the first stage gets null
    pipeline(head).document("a", needs);
    pipeline(head)
      .document("a", { run: async () => ({ x: 1 }), when: (options) => options.ignoreCase })
      // @ts-expect-error: it may get null
      .document("b", needs);
    pipeline(head)
      .document("a", { run: async () => ({ x: 1 }) })
      .document("b", needs);
  });

  test("a name twice, whichever kinds of stages have it", () => {
    const run = async (): Promise<null> => null;
    // @ts-expect-error: two document stages
    const documents = pipeline(head).document("a", { run }).document("a", { run });
    // @ts-expect-error: one of each kind
    const both = pipeline(head).document("a", { run }).collection("a", { run });
    // @ts-expect-error: two collection stages
    const collections = pipeline(head).collection("a", { run }).collection("a", { run });
    for (const wrong of [documents, both, collections]) expect(() => wrong.build()).toThrow('two stages are named "a"');
  });

  test("a misspelt setting, and a check of what is not returned", () => {
    // @ts-expect-error: timeoutMs is misspelt
    pipeline(head).document("a", { tiemoutMs: 5, run: async () => 5 });
    // @ts-expect-error: when is given the options
    pipeline(head).document("a", { run: async () => 5, when: (options) => options.ignorecase });
    // @ts-expect-error: there is no y
    pipeline(head).document("a", { run: async () => ({ x: 1 }), check: ({ y }) => y > 0 });
  });
});

test("secrets are named as variables are", () => {
  const asking = (secrets: unknown) => () =>
    pipeline(head)
      .document("a", { secrets: secrets as string[], run: async (ctx) => Object.keys(ctx.secrets) })
      .build();
  expect(asking(["API_KEY"])().documentStages[0]!.secrets).toEqual(["API_KEY"]);
  expect(asking(["API KEY"])).toThrow('stage "a" has secrets that are no list of names of variables');
  expect(asking("API_KEY")).toThrow("no list of names of variables");
});

import { OWNER, SignIn } from "../../src/access/sign-in.js";

const MINUTE_MS = 60_000;

describe("a link's code", () => {
  let now: number;
  let made: unknown[][];
  let signIn: SignIn;
  beforeEach(() => {
    now = 0;
    made = [];
    const query = async (_statement: string, values: unknown[]): Promise<unknown> => {
      made.push(values);
      return [{ expiresAt: new Date(0) }];
    };
    signIn = new SignIn({ query } as never, () => now);
  });

  test("has 256 random bits and may stand in a URL", () => {
    const codes = Array.from({ length: 50 }, () => signIn.makeCode(OWNER));
    expect(new Set(codes).size).toBe(50);
    for (const code of codes) {
      expect(code).toMatch(/^[\w-]+$/);
      expect(Buffer.from(code, "base64url")).toHaveLength(32);
    }
  });

  test("is good once, for a key of twelve hours", async () => {
    const code = signIn.makeCode(OWNER);
    const session = await signIn.exchange(code);
    expect(session!.key).toMatch(/^hw_[0-9a-f]{32}_[\w-]{43}$/);
    expect(made).toHaveLength(1);
    expect(made[0]).toEqual(expect.arrayContaining([OWNER.projectId, "console", "ADMIN", 12 * 60 * MINUTE_MS]));
    expect(await signIn.exchange(code)).toBeNull();
    expect(made).toHaveLength(1);
  });

  test("is good for one of two that come at once", async () => {
    const code = signIn.makeCode(OWNER);
    const sessions = await Promise.all([signIn.exchange(code), signIn.exchange(code)]);
    expect(sessions.filter((session) => session !== null)).toHaveLength(1);
  });

  test("is over after ten minutes", async () => {
    const codes = [signIn.makeCode(OWNER), signIn.makeCode(OWNER)];
    now = 10 * MINUTE_MS - 1;
    expect(await signIn.exchange(codes[0]!)).not.toBeNull();
    now += 1;
    expect(await signIn.exchange(codes[1]!)).toBeNull();
    expect(made).toHaveLength(1);
  });

  test("that was never made is good for nothing", async () => {
    signIn.makeCode(OWNER);
    expect(await signIn.exchange("")).toBeNull();
    expect(await signIn.exchange("A".repeat(43))).toBeNull();
    expect(made).toEqual([]);
  });

  test("gives way when a hundred newer ones wait", async () => {
    const [first, second] = [signIn.makeCode(OWNER), signIn.makeCode(OWNER)];
    for (let count = 0; count < 99; count += 1) signIn.makeCode(OWNER);
    expect([await signIn.exchange(first), await signIn.exchange(second)]).toEqual([null, expect.anything()]);
  });
});

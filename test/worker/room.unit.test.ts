import { Room } from "../../src/worker/room.js";

test("a worker for suspects takes one at a time and asks for nothing else", () => {
  const room = new Room(8, "only", 1_000);
  expect([room.free(0, 0), room.free(1, 0), room.asks]).toEqual([1, 0, "only"]);
  expect(room.took(1, false)).toBe(false);
  expect([room.free(0, 0), room.asks]).toEqual([1, "only"]);
});

test("a worker that leaves suspects to others never asks after them", () => {
  const room = new Room(8, "never", 1_000);
  expect([room.free(3, 0), room.asks, room.took(2, true), room.free(5, 0)]).toEqual([5, undefined, false, 3]);
});

describe("a worker that has to do with both", () => {
  test("empties itself for a suspect, takes nothing beside it, and then takes others before the next", () => {
    const room = new Room(8, "between", 60_000);
    expect([room.free(2, 0), room.asks]).toEqual([6, "tell"]);
    expect(room.took(1, true)).toBe(true);
    expect([room.free(3, 0), room.free(0, 0), room.asks]).toEqual([0, 1, "only"]);
    expect(room.took(1, false)).toBe(false);
    expect([room.free(1, 0), room.free(0, 0), room.asks]).toEqual([0, 8, "tell"]);
    expect(room.took(8, true)).toBe(true);
    expect(room.free(8, 0)).toBe(0);
  });

  test("goes on at once where another had the suspect first", () => {
    const room = new Room(8, "between", 60_000);
    room.took(0, true);
    expect([room.free(0, 0), room.took(0, false), room.free(0, 0), room.asks]).toEqual([1, true, 8, "tell"]);
  });

  test("does not wait for a handler that does not stop, nor forever for one that runs", () => {
    const room = new Room(8, "between", 0);
    room.took(0, true);
    expect(room.free(2, 2)).toBe(1);
    while (room.free(2, 0) === 0);
    expect([room.free(2, 0), room.asks]).toEqual([6, "tell"]);
  });
});

import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { v4 as uuidv4, v7 as uuidv7, validate, version } from "uuid";
import { changeId, placeOfChange } from "../../../src/engine/stream/change-id.js";

const places = fc.record({
  tx: fc.bigInt(0n, 2n ** 48n - 1n).map(String),
  position: fc.bigInt(0n, 2n ** 48n - 1n).map(String),
  mark: fc.uuid().map((id) => id.slice(-12)),
});

describe("the id of a change", () => {
  test("is a uuid of version 8, from which its place is read again", () => {
    fc.assert(
      fc.property(places, (place) => {
        const id = changeId(place);
        expect([validate(id), version(id)]).toEqual([true, 8]);
        expect(placeOfChange(id)).toEqual({ ...place, mark: place.mark.slice(-6) });
      }),
    );
  });

  test("is never taken for that of anything else, nor the other way round", () => {
    for (const id of [uuidv4(), uuidv7(), "00000000-0000-0000-0000-000000000000"]) expect(placeOfChange(id)).toBeNull();
    expect(placeOfChange("")).toBeNull();
  });
});

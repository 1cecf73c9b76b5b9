import { Arg, Ctx, Mutation, Query, Resolver } from "type-graphql";
import { createBrowserKey } from "../../access/browser-keys.js";
import { Faults } from "../../engine/input.js";
import { UserFault } from "../../errors.js";
import { ViewerInfo } from "../../model/viewer.js";
import type { GraphContext } from "../context.js";
import { payload } from "../errors.js";
import { CreateBrowserKeyInput, MAX_LIFE_MINUTES } from "./access.input.js";
import { CreateBrowserKeyPayload } from "./access.payload.js";
import { browserScope } from "./browser-scope.js";

/** Who may see what. */
@Resolver()
export class AccessResolver {
  @Query(() => ViewerInfo, { description: "The key that made this request." })
  viewer(@Ctx() { principal }: GraphContext): ViewerInfo {
    const { name, role, project } = principal;
    return { name, role, project };
  }

  @Mutation(() => CreateBrowserKeyPayload, {
    description:
      "Creates a short-lived browser key for one collection or one job, with READ by default. It expires no later than the key that creates it, and its requests count against that key's rate limit. Requires OPERATOR. Errors: NOT_FOUND, INVALID_INPUT, INVALID_OPTIONS, UNKNOWN_PIPELINE, LIMIT_EXCEEDED.",
  })
  createBrowserKey(
    @Arg("input", () => CreateBrowserKeyInput, { description: "Scope, permissions and lifetime of the key." })
    input: CreateBrowserKeyInput,
    @Ctx() context: GraphContext,
  ): Promise<object> {
    return payload({ key: null, expiresAt: null }, async () => {
      const { db, principal } = context;
      const { expiresInMinutes } = input;
      const faults = new Faults();
      const scope = await browserScope(context, input, faults);
      if (expiresInMinutes < 1 || expiresInMinutes > MAX_LIFE_MINUTES) {
        const message = `expiresInMinutes is ${expiresInMinutes}; it must be 1 to ${MAX_LIFE_MINUTES}.`;
        faults.add(new UserFault("INVALID_INPUT", message, ["expiresInMinutes"]));
      }
      faults.assertNone();
      const { key, expiresAt } = await createBrowserKey(db, {
        projectId: principal.projectId,
        name: `${principal.name} (browser)`,
        role: "VIEWER",
        lifeMs: expiresInMinutes * 60_000,
        scope,
        createdBy: principal.name,
        madeBy: principal.keyId,
      });
      return { key, expiresAt };
    });
  }
}

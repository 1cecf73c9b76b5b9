import { Arg, Ctx, Mutation, Query, Resolver } from "type-graphql";
import { createKey, type KeyScope } from "../../access/keys.js";
import { Faults, idOf } from "../../engine/input.js";
import { UserFault } from "../../errors.js";
import { ViewerInfo } from "../../model/viewer.js";
import type { GraphContext } from "../context.js";
import { payload } from "../errors.js";
import { CreateBrowserKeyInput, MAX_LIFE_MINUTES } from "./access.input.js";
import { CreateBrowserKeyPayload } from "./access.payload.js";

/** Who may see what. */
@Resolver()
export class AccessResolver {
  @Query(() => ViewerInfo, { description: "Who asks, by the key of this request." })
  viewer(@Ctx() { principal }: GraphContext): ViewerInfo {
    const { name, role, project } = principal;
    return { name, role, project };
  }

  @Mutation(() => CreateBrowserKeyPayload, {
    description:
      "Makes a key with the role VIEWER that sees one collection or one job and lives for minutes, and no longer than the key that makes it: for a page that follows it from a browser.",
  })
  createBrowserKey(
    @Arg("input", () => CreateBrowserKeyInput, { description: "What the key is to see, and for how long." })
    input: CreateBrowserKeyInput,
    @Ctx() context: GraphContext,
  ): Promise<object> {
    return payload({ key: null, expiresAt: null }, async () => {
      const { db, principal } = context;
      const { expiresInMinutes } = input;
      const faults = new Faults();
      const scope = await faults.noteLater(() => scopeFor(context, input));
      if (expiresInMinutes < 1 || expiresInMinutes > MAX_LIFE_MINUTES) {
        const message = `expiresInMinutes is ${expiresInMinutes}; it must be 1 to ${MAX_LIFE_MINUTES}.`;
        faults.add(new UserFault("INVALID_INPUT", message, ["expiresInMinutes"]));
      }
      faults.assertNone();
      const { key, expiresAt } = await createKey(db, {
        projectId: principal.projectId,
        name: `${principal.name} (browser)`,
        role: "VIEWER",
        lifeMs: expiresInMinutes * 60_000,
        scope: scope!,
        createdBy: principal.name,
        madeBy: principal.keyId,
      });
      return { key, expiresAt };
    });
  }
}

/** @throws {UserFault} NOT_FOUND, INVALID_INPUT unless exactly one is given */
async function scopeFor({ loaders }: GraphContext, input: CreateBrowserKeyInput): Promise<KeyScope> {
  const [collectionId, jobId] = [input.collectionId ?? null, input.jobId ?? null];
  if ((collectionId === null) === (jobId === null)) {
    throw new UserFault("INVALID_INPUT", "Give exactly one of collectionId and jobId.");
  }
  if (jobId !== null) {
    const id = idOf(jobId, ["jobId"]);
    const job = await loaders.job.load(id);
    if (!job) throw new UserFault("NOT_FOUND", `There is no job ${id}.`, ["jobId"]);
    return { collectionId: job.collectionId, jobId: id };
  }
  const id = idOf(collectionId!, ["collectionId"]);
  if (!(await loaders.collection.load(id))) {
    throw new UserFault("NOT_FOUND", `There is no collection ${id}.`, ["collectionId"]);
  }
  return { collectionId: id, jobId: null };
}

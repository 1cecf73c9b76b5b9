import { Arg, Ctx, Mutation, Query, Resolver } from "type-graphql";
import { createKey, type KeyScope } from "../../access/keys.js";
import { BadInput, UserFault } from "../../errors.js";
import { ViewerInfo } from "../../model/viewer.js";
import type { GraphContext } from "../context.js";
import { payload } from "../errors.js";
import { optionalUuid } from "../ids.js";
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
      "Makes a key with the role VIEWER that sees one collection or one job and lives for minutes: for a page that follows it from a browser.",
  })
  createBrowserKey(
    @Arg("input", () => CreateBrowserKeyInput, { description: "What the key is to see, and for how long." })
    input: CreateBrowserKeyInput,
    @Ctx() context: GraphContext,
  ): Promise<object> {
    const { expiresInMinutes } = input;
    if (expiresInMinutes < 1 || expiresInMinutes > MAX_LIFE_MINUTES) {
      throw new BadInput(`expiresInMinutes is ${expiresInMinutes}; it must be 1 to ${MAX_LIFE_MINUTES}.`, {
        field: "input.expiresInMinutes",
      });
    }
    return payload({ key: null, expiresAt: null }, async () => {
      const { db, principal } = context;
      const { key, expiresAt } = await createKey(db, {
        projectId: principal.projectId,
        name: `${principal.name} (browser)`,
        role: "VIEWER",
        lifeMs: expiresInMinutes * 60_000,
        scope: await scopeFor(context, input),
        createdBy: principal.name,
      });
      return { key, expiresAt };
    });
  }
}

/** @throws {UserFault} NOT_FOUND  @throws {BadInput} unless exactly one is given */
async function scopeFor({ loaders }: GraphContext, input: CreateBrowserKeyInput): Promise<KeyScope> {
  const collectionId = optionalUuid(input.collectionId, "input.collectionId");
  const jobId = optionalUuid(input.jobId, "input.jobId");
  if ((collectionId === null) === (jobId === null)) {
    throw new BadInput("input: give exactly one of collectionId and jobId.", { field: "input" });
  }
  if (jobId !== null) {
    const job = await loaders.job.load(jobId);
    if (!job) throw new UserFault("NOT_FOUND", `There is no job ${jobId}.`, ["jobId"]);
    return { collectionId: job.collectionId, jobId };
  }
  if (!(await loaders.collection.load(collectionId!))) {
    throw new UserFault("NOT_FOUND", `There is no collection ${collectionId}.`, ["collectionId"]);
  }
  return { collectionId: collectionId!, jobId: null };
}

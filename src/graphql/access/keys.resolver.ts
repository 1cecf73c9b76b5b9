import type { GraphQLResolveInfo } from "graphql";
import { Arg, Args, Ctx, Info, Mutation, Query, Resolver } from "type-graphql";
import type { SelectQueryBuilder } from "typeorm";
import { createKey, revokeKey } from "../../access/keys.js";
import { Faults, idOf, Name, parse } from "../../engine/input.js";
import { UserFault } from "../../errors.js";
import { ApiKey } from "../../model/api-key.js";
import type { GraphContext } from "../context.js";
import { payload } from "../errors.js";
import { ApiKeyConnection } from "../paging/connections.js";
import { ListArgs, requestOf } from "../paging/list-args.js";
import type { Page } from "../paging/page.js";
import { keysetPage } from "../paging/paged-list.js";
import { CreateKeyInput, MAX_LIFE_DAYS, RevokeKeyInput } from "./access.input.js";
import { CreateKeyPayload, RevokeKeyPayload } from "./access.payload.js";

const DAY_MS = 86_400_000;
const NEWEST_KEYS = {
  name: "keys",
  descending: true,
  columns: [
    { sql: "t.created_at", type: "timestamptz" },
    { sql: "t.id", type: "uuid" },
  ],
} as const;

/** A project's keys. */
@Resolver()
export class KeysResolver {
  @Query(() => ApiKeyConnection, {
    description: "Keys of the project, newest first, including expired and revoked keys. Requires ADMIN.",
  })
  keys(@Args() page: ListArgs, @Ctx() context: GraphContext, @Info() info: GraphQLResolveInfo): Promise<Page<ApiKey>> {
    return keysetPage(context, keysOf(context), NEWEST_KEYS, requestOf(page, info));
  }

  @Mutation(() => CreateKeyPayload, {
    description: "Creates a project key. The secret is returned only here. Requires ADMIN. Errors: INVALID_INPUT.",
  })
  createKey(
    @Arg("input", () => CreateKeyInput, { description: "Name, role and lifetime of the key." })
    input: CreateKeyInput,
    @Ctx() context: GraphContext,
  ): Promise<object> {
    return payload({ key: null, apiKey: null }, async () => {
      const faults = new Faults();
      const name = faults.note(() => parse(Name, input.name, ["name"]));
      const days = input.expiresInDays ?? null;
      if (days !== null && (days < 1 || days > MAX_LIFE_DAYS)) {
        const message = `expiresInDays is ${days}; it must be 1 to ${MAX_LIFE_DAYS}.`;
        faults.add(new UserFault("INVALID_INPUT", message, ["expiresInDays"]));
      }
      faults.assertNone();
      const { db, principal } = context;
      const { id, key } = await createKey(db, {
        projectId: principal.projectId,
        name: name!,
        role: input.role,
        lifeMs: days === null ? null : days * DAY_MS,
        scope: null,
        createdBy: principal.name,
      });
      return {
        key,
        get apiKey() {
          return keysOf(context).andWhere("t.id = :id", { id }).getOne();
        },
      };
    });
  }

  @Mutation(() => RevokeKeyPayload, {
    description:
      "Revokes a key. Within seconds every server rejects it and closes its sockets. Browser keys created with it end too; keys created with `createKey` do not. Requires ADMIN. Errors: NOT_FOUND.",
  })
  revokeKey(
    @Arg("input", () => RevokeKeyInput, { description: "Key to revoke." }) input: RevokeKeyInput,
    @Ctx() context: GraphContext,
  ): Promise<object> {
    return payload({ revokedId: null }, async () => {
      const id = idOf(input.keyId, ["keyId"]);
      if (!(await revokeKey(context.db, context.projectId, id))) {
        throw new UserFault("NOT_FOUND", `There is no key ${id}, or it has been revoked already.`, ["keyId"]);
      }
      context.keys.forget(id);
      return { revokedId: id };
    });
  }
}

function keysOf({ db, projectId }: GraphContext): SelectQueryBuilder<ApiKey> {
  return db.getRepository(ApiKey).createQueryBuilder("t").where("t.project_id = :projectId", { projectId });
}

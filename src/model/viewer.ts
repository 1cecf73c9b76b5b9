import { Field, ObjectType } from "type-graphql";
import type { Role } from "../lifecycle/roles.js";
import { RoleEnum } from "./enums.js";

@ObjectType("Viewer", { description: "The key that made the request." })
export class ViewerInfo {
  @Field(() => String, { description: "Name of the key, recorded as the actor of every change made with it." })
  readonly name!: string;
  @Field(() => RoleEnum, { description: "Role of the key." })
  readonly role!: Role;
  @Field(() => String, { description: "Name of the project that the key belongs to." })
  readonly project!: string;
}

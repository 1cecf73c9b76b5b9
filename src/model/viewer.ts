import { Field, ObjectType } from "type-graphql";
import type { Role } from "../lifecycle/roles.js";
import { RoleEnum } from "./enums.js";

@ObjectType("Viewer", { description: "Who asks, by the key of the request." })
export class ViewerInfo {
  @Field(() => String, { description: "The key's name: the actor of every change made with it." })
  readonly name!: string;
  @Field(() => RoleEnum, { description: "What the key may do." })
  readonly role!: Role;
  @Field(() => String, { description: "The name of the project that the key belongs to." })
  readonly project!: string;
}

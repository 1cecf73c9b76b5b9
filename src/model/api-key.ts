import { Field, ID, ObjectType } from "type-graphql";
import { Column, Entity, PrimaryColumn } from "typeorm";
import type { BrowserPermission, Role } from "../lifecycle/roles.js";
import { BrowserPermissionEnum, RoleEnum } from "./enums.js";

@ObjectType({ description: "A key without its secret, which nobody can read again." })
@Entity("api_key")
export class ApiKey {
  @Field(() => ID, { description: "For revokeKey." })
  @PrimaryColumn({ type: "uuid" })
  readonly id!: string;
  @Field(() => String, { description: "The actor of every change made with it." })
  @Column({ type: "text" })
  readonly name!: string;
  @Field(() => RoleEnum, { description: "What it may do." })
  @Column({ type: "text" })
  readonly role!: Role;
  @Field(() => ID, { nullable: true, description: "The one collection that it sees; null for the whole project." })
  @Column({ name: "collection_id", type: "uuid", nullable: true })
  readonly collectionId!: string | null;
  @Field(() => ID, {
    nullable: true,
    description: "The one job of that collection that it sees; null for all of them.",
  })
  @Column({ name: "job_id", type: "uuid", nullable: true })
  readonly jobId!: string | null;
  @Field(() => [BrowserPermissionEnum], {
    nullable: true,
    description: "What it may do with that collection or job; null for the whole project, where its role decides.",
  })
  @Column({ type: "text", array: true, nullable: true })
  readonly permissions!: BrowserPermission[] | null;
  @Field(() => [String], { nullable: true, description: "Those that it may submit to; null without SUBMIT." })
  @Column({ type: "text", array: true, nullable: true })
  readonly pipelines!: string[] | null;
  @Field(() => String, { description: "Who made it." })
  @Column({ name: "created_by", type: "text" })
  readonly createdBy!: string;
  @Field(() => Date, { description: "When it was made." })
  @Column({ name: "created_at", type: "timestamptz" })
  readonly createdAt!: Date;
  @Field(() => Date, { nullable: true, description: "From then on it is refused; null for a key without an end." })
  @Column({ name: "expires_at", type: "timestamptz", nullable: true })
  readonly expiresAt!: Date | null;
  @Field(() => Date, { nullable: true, description: "To the minute; null where it has never been used." })
  @Column({ name: "last_used_at", type: "timestamptz", nullable: true })
  readonly lastUsedAt!: Date | null;
  @Field(() => Date, { nullable: true, description: "When it was revoked; null where it was not." })
  @Column({ name: "revoked_at", type: "timestamptz", nullable: true })
  readonly revokedAt!: Date | null;
}

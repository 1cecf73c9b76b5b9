import { Field, ID, ObjectType } from "type-graphql";
import { Column, Entity, PrimaryColumn } from "typeorm";
import type { BrowserPermission, Role } from "../lifecycle/roles.js";
import { BrowserPermissionEnum, RoleEnum } from "./enums.js";

@ObjectType({ description: "API key, without its secret. The secret is shown only when the key is created." })
@Entity("api_key")
export class ApiKey {
  @Field(() => ID, { description: "Input of `revokeKey`." })
  @PrimaryColumn({ type: "uuid" })
  readonly id!: string;
  @Field(() => String, { description: "Name of the key, recorded as the actor of every change made with it." })
  @Column({ type: "text" })
  readonly name!: string;
  @Field(() => RoleEnum, { description: "Role of the key." })
  @Column({ type: "text" })
  readonly role!: Role;
  @Field(() => ID, {
    nullable: true,
    description: "ID of the only collection that the key can access; null for the whole project.",
  })
  @Column({ name: "collection_id", type: "uuid", nullable: true })
  readonly collectionId!: string | null;
  @Field(() => ID, {
    nullable: true,
    description: "ID of the only job that the key can access; null for all jobs of the collection or project.",
  })
  @Column({ name: "job_id", type: "uuid", nullable: true })
  readonly jobId!: string | null;
  @Field(() => [BrowserPermissionEnum], {
    nullable: true,
    description: "Permissions on that collection or job; null for a project key, whose role decides.",
  })
  @Column({ type: "text", array: true, nullable: true })
  readonly permissions!: BrowserPermission[] | null;
  @Field(() => [String], { nullable: true, description: "Pipelines that the key may submit to; null without SUBMIT." })
  @Column({ type: "text", array: true, nullable: true })
  readonly pipelines!: string[] | null;
  @Field(() => String, { description: "Creator of the key: the name of another key, or a user of the command line." })
  @Column({ name: "created_by", type: "text" })
  readonly createdBy!: string;
  @Field(() => Date, { description: "Time of creation." })
  @Column({ name: "created_at", type: "timestamptz" })
  readonly createdAt!: Date;
  @Field(() => Date, { nullable: true, description: "Time from which the key is rejected; null if it never expires." })
  @Column({ name: "expires_at", type: "timestamptz", nullable: true })
  readonly expiresAt!: Date | null;
  @Field(() => Date, { nullable: true, description: "Time of the last use, to the minute; null if never used." })
  @Column({ name: "last_used_at", type: "timestamptz", nullable: true })
  readonly lastUsedAt!: Date | null;
  @Field(() => Date, { nullable: true, description: "Time when the key was revoked; null if it is not revoked." })
  @Column({ name: "revoked_at", type: "timestamptz", nullable: true })
  readonly revokedAt!: Date | null;
}

import { Field, Int, ObjectType } from "type-graphql";
import { Column, Entity, PrimaryColumn } from "typeorm";
import { WEBHOOK_EVENTS, type WebhookEvent } from "../lifecycle/webhook-events.js";
import { enumOf } from "./enum-of.js";
import { NodeEntity, NodeType } from "./node.js";
import { JsonScalar } from "./scalars.js";

export const WebhookEventEnum = enumOf("WebhookEvent", "What a webhook is told of.", WEBHOOK_EVENTS, {
  JOB_STARTED: "The first task of a job's run was claimed.",
  JOB_SETTLED: "Nothing of a job is open any more, with its status and counts.",
  TASKS_FAILED: "Tasks have failed: one batch a job every ten seconds, with the first 100 of them.",
  COLLECTION_EXPIRED: "A collection's contents are gone. Neither pipelines nor tags narrow it.",
});

@ObjectType({ implements: NodeType, description: "An address that is told of what happens in the project." })
@Entity("webhook")
export class Webhook extends NodeEntity {
  @Field(() => String, { description: "Where deliveries are posted." })
  @Column({ type: "text" })
  readonly url!: string;
  @Field(() => [WebhookEventEnum], { description: "What it is told of." })
  @Column({ type: "text", array: true })
  readonly events!: WebhookEvent[];
  @Field(() => [String], { nullable: true, description: "Only jobs of one of these; null for all." })
  @Column({ type: "text", array: true, nullable: true })
  readonly pipelines!: string[] | null;
  @Field(() => [String], { nullable: true, description: "Only jobs that have all of these; null for all." })
  @Column({ type: "text", array: true, nullable: true })
  readonly tags!: string[] | null;
  @Field(() => Boolean, { description: "Whether it is told anything." })
  @Column({ type: "boolean" })
  readonly enabled!: boolean;
  @Field(() => String, { nullable: true, description: "Why it is not; null where it is enabled." })
  @Column({ name: "disabled_reason", type: "text", nullable: true })
  readonly disabledReason!: string | null;
  @Field(() => Date, { description: "When it was made." })
  @Column({ name: "created_at", type: "timestamptz" })
  readonly createdAt!: Date;
}

@ObjectType({ implements: NodeType, description: "One message to a webhook. Its id is the header webhook-id." })
@Entity("webhook_delivery")
export class WebhookDelivery extends NodeEntity {
  @Column({ name: "webhook_id", type: "uuid" })
  readonly webhookId!: string;
  @Column({ name: "job_id", type: "uuid", nullable: true })
  readonly jobId!: string | null;
  @Field(() => WebhookEventEnum, { description: "What it tells of." })
  @Column({ type: "text" })
  readonly event!: WebhookEvent;
  @Field(() => Date, { description: "When that happened, or its batch was closed." })
  @Column({ name: "created_at", type: "timestamptz" })
  readonly createdAt!: Date;
  @Field(() => Date, { nullable: true, description: "When the receiver took it; null where it has not." })
  @Column({ name: "delivered_at", type: "timestamptz", nullable: true })
  readonly deliveredAt!: Date | null;
  @Field(() => Date, { nullable: true, description: "When it is tried next; null once delivered or given up." })
  @Column({ name: "next_attempt_at", type: "timestamptz", nullable: true })
  readonly nextAttemptAt!: Date | null;
  @Field(() => JsonScalar, { nullable: true, description: "What is sent; null a week after it is over." })
  @Column({ type: "jsonb", nullable: true })
  readonly payload!: unknown;
}

@ObjectType({ description: "One time that a delivery was sent." })
@Entity("webhook_attempt")
export class WebhookAttempt {
  @PrimaryColumn({ type: "bigint" })
  readonly id!: string;
  @Column({ name: "delivery_id", type: "uuid" })
  readonly deliveryId!: string;
  @Field(() => Date, { description: "When it was sent." })
  @Column({ type: "timestamptz" })
  readonly at!: Date;
  @Field(() => Int, { nullable: true, description: "What the receiver answered; null where it did not." })
  @Column({ name: "status_code", type: "int", nullable: true })
  readonly statusCode!: number | null;
  @Field(() => String, { nullable: true, description: "Why it was not taken; null where it was." })
  @Column({ type: "text", nullable: true })
  readonly error!: string | null;
  @Field(() => Int, { description: "How long it took, in milliseconds." })
  @Column({ name: "duration_ms", type: "int" })
  readonly durationMs!: number;
}

import { Field, Int, ObjectType } from "type-graphql";
import { Column, Entity, PrimaryColumn } from "typeorm";
import { WEBHOOK_EVENTS, type WebhookEvent } from "../lifecycle/webhook-events.js";
import { enumOf } from "./enum-of.js";
import { NodeEntity, NodeType } from "./node.js";
import { JsonScalar } from "./scalars.js";

export const WebhookEventEnum = enumOf("WebhookEvent", "Event that a webhook can receive.", WEBHOOK_EVENTS, {
  JOB_STARTED: "The first task of a run was claimed.",
  JOB_SETTLED: "A job settled. Includes its status and counts.",
  TASKS_FAILED: "Tasks failed. Sent at most every ten seconds per job, with the first 100 tasks.",
  COLLECTION_EXPIRED: "A collection expired. Not filtered by pipelines or tags.",
});

@ObjectType({ implements: NodeType, description: "Address that receives events of the project." })
@Entity("webhook")
export class Webhook extends NodeEntity {
  @Field(() => String, { description: "URL that events are sent to." })
  @Column({ type: "text" })
  readonly url!: string;
  @Field(() => [WebhookEventEnum], { description: "Events to send." })
  @Column({ type: "text", array: true })
  readonly events!: WebhookEvent[];
  @Field(() => [String], { nullable: true, description: "Pipelines whose jobs are included; null for all." })
  @Column({ type: "text", array: true, nullable: true })
  readonly pipelines!: string[] | null;
  @Field(() => [String], { nullable: true, description: "Tags that a job must all have; null for all jobs." })
  @Column({ type: "text", array: true, nullable: true })
  readonly tags!: string[] | null;
  @Field(() => Boolean, { description: "Whether events are sent." })
  @Column({ type: "boolean" })
  readonly enabled!: boolean;
  @Field(() => String, { nullable: true, description: "Why the webhook is disabled; null if it is enabled." })
  @Column({ name: "disabled_reason", type: "text", nullable: true })
  readonly disabledReason!: string | null;
  @Field(() => Date, { description: "Time of creation." })
  @Column({ name: "created_at", type: "timestamptz" })
  readonly createdAt!: Date;
}

@ObjectType({ implements: NodeType, description: "Message to a webhook. Its ID is sent in the header `webhook-id`." })
@Entity("webhook_delivery")
export class WebhookDelivery extends NodeEntity {
  @Column({ name: "webhook_id", type: "uuid" })
  readonly webhookId!: string;
  @Column({ name: "job_id", type: "uuid", nullable: true })
  readonly jobId!: string | null;
  @Field(() => WebhookEventEnum, { description: "Event of the delivery." })
  @Column({ type: "text" })
  readonly event!: WebhookEvent;
  @Field(() => Date, { description: "Time of the event, or of the end of its batch." })
  @Column({ name: "created_at", type: "timestamptz" })
  readonly createdAt!: Date;
  @Field(() => Date, {
    nullable: true,
    description: "Time when the receiver accepted the delivery; null if it has not.",
  })
  @Column({ name: "delivered_at", type: "timestamptz", nullable: true })
  readonly deliveredAt!: Date | null;
  @Field(() => Date, { nullable: true, description: "Time of the next attempt; null once delivered or given up." })
  @Column({ name: "next_attempt_at", type: "timestamptz", nullable: true })
  readonly nextAttemptAt!: Date | null;
  @Field(() => JsonScalar, {
    nullable: true,
    description: "Body of the message; null one week after the delivery succeeded or was given up.",
  })
  @Column({ type: "jsonb", nullable: true })
  readonly payload!: unknown;
}

@ObjectType({ description: "Attempt to send a delivery." })
@Entity("webhook_attempt")
export class WebhookAttempt {
  @PrimaryColumn({ type: "bigint" })
  readonly id!: string;
  @Column({ name: "delivery_id", type: "uuid" })
  readonly deliveryId!: string;
  @Field(() => Date, { description: "Time of the attempt." })
  @Column({ type: "timestamptz" })
  readonly at!: Date;
  @Field(() => Int, { nullable: true, description: "HTTP status code of the response; null if there was none." })
  @Column({ name: "status_code", type: "int", nullable: true })
  readonly statusCode!: number | null;
  @Field(() => String, { nullable: true, description: "Why the attempt failed; null if it succeeded." })
  @Column({ type: "text", nullable: true })
  readonly error!: string | null;
  @Field(() => Int, { description: "Duration in milliseconds." })
  @Column({ name: "duration_ms", type: "int" })
  readonly durationMs!: number;
}

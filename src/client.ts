/**
 * `headway-api/client`: what a web app or a service in Node needs to use Headway, and nothing of the server. See
 * docs/client.md.
 */
export { createClient, HeadwayClient, type SubmittedJob } from "./client/headway-client.js";
export type { ApiOptions } from "./client/api.js";
export { ClientError, UserErrors, type ClientErrorCode, type UserErrorInfo } from "./client/errors.js";
export type { FollowedEvent, FollowOptions } from "./client/follow.js";
export type { UploadedFile, UploadFile, UploadOptions, UploadProgress } from "./client/upload.js";
export type { DownloadedFile, DownloadOptions } from "./client/download.js";
export type { Operation } from "./client/operation.js";
export * from "./client/operations.js";

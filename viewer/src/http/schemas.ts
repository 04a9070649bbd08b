/** Names for the generated types, and for fields of items that the description leaves open. */
import type { components as Api, operations } from "../generated/api";
import type { components as Feed } from "../generated/events";

export type Schemas = Api["schemas"];

export type Role = Schemas["Role"];
export type StudyStatus = Schemas["StudyState"];
export type JobStatus = Schemas["JobState"];
export type ResultState = Schemas["ResultState"];

export type Association = Schemas["Association"] & { count?: number; ended?: string | null };

/** What is sent to make an entry; an answer has all of its keys. */
type Body<Operation extends keyof operations> = operations[Operation] extends {
  requestBody: { content: { "application/json": infer Content } };
}
  ? Content
  : never;

export type AeBody = Body<"add_ae_api_v1_aes_post">;

export type RemoteAE = Schemas["RemoteAE"] & AeBody;

/** What may be sent as one text or as a list of them is answered as a list. */
type Answered<Sent> = { [Key in keyof Sent]: string[] extends Sent[Key] ? string[] : Sent[Key] };

export type Route = Schemas["Route"] &
  Answered<Required<Omit<Body<"add_route_api_v1_routes_post">, "tenant">>>;

export type FeedMessage = Feed["schemas"]["FeedMessage"];

import type { FeedMessage } from "../http/schemas";

export type MessageType = FeedMessage["type"];
type DataOf<Type extends MessageType> = Extract<FeedMessage, { type: Type }>["data"];
type Sentences = { readonly [Type in MessageType]: (data: DataOf<Type>) => string };

const objects = (count: number) => `${count} ${count === 1 ? "object" : "objects"}`;

/** One sentence for each type, in the order of a study's way through the node. */
const SENTENCES: Sentences = {
  "association.rejected": ({ calling_ae_title, called_ae_title, address, reason }) =>
    `${calling_ae_title} at ${address} called ${called_ae_title} and was refused: ${reason}`,
  "instance.stored": ({ count, total, source }) =>
    `${objects(count)} stored, ${total} in the series, by ${source}`,
  "series.complete": ({ instances, modality }) => `${modality} series complete, ${objects(instances)}`,
  "job.pending": ({ analyzer }) => `${analyzer} is waiting`,
  "job.analyzing": ({ analyzer, attempt }) => `${analyzer} is analysing, attempt ${attempt}`,
  "job.progress": ({ analyzer, percent, text }) => `${analyzer} ${percent} %${text ? `, ${text}` : ""}`,
  "job.complete": ({ analyzer }) => `${analyzer} is done`,
  "job.failed": ({ analyzer, reason }) => `${analyzer} failed: ${reason}`,
  "job.skipped": ({ reason }) => `Not analysed: ${reason}`,
  "job.canceled": ({ analyzer, reason }) => `${analyzer} was called off: ${reason}`,
  "result.stored": ({ modality, analyzer }) => `${modality} of ${analyzer} stored`,
  "result.accepted": ({ modality, analyzer }) => `${modality} of ${analyzer} accepted`,
  "result.rejected": ({ modality, analyzer }) => `${modality} of ${analyzer} rejected`,
  "result.superseded": ({ modality, analyzer }) => `${modality} of ${analyzer} replaced by a newer one`,
  "delivery.sent": ({ destination }) => `Sent to ${destination}`,
  "delivery.confirmed": ({ destination }) => `Confirmed by ${destination}`,
  "delivery.failed": ({ destination, reason, attempt, final }) =>
    `Not delivered to ${destination}, attempt ${attempt}${final ? ", the last" : ""}: ${reason}`,
  "procedure-step.changed": ({ modality, station_ae_title, state }) =>
    `${modality} examination at ${station_ae_title}: ${state.toLowerCase()}`,
  "study.deleted": () => "Study deleted",
};

export const TYPES = Object.keys(SENTENCES) as MessageType[];

/** A newer node may send types that this page does not know. */
export function describe({ type, data }: FeedMessage): string {
  const sentence = SENTENCES[type] as ((data: unknown) => string) | undefined;
  return sentence ? sentence(data) : type;
}

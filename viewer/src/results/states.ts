import type { ResultState } from "../http/schemas";

export const STATE_TEXTS: Record<ResultState, string> = {
  preliminary: "PRELIMINARY",
  accepted: "Accepted",
  rejected: "Rejected",
  superseded: "Superseded",
};

export const STATE_COLOURS: Record<ResultState, string> = {
  preliminary: "text-warn",
  accepted: "text-good",
  rejected: "text-danger",
  superseded: "text-muted",
};

import type { Route } from "../../http/schemas";

export type { Route };

export const NEW_ROUTE: Route = {
  name: "",
  origin: "images",
  from: [],
  modality: [],
  sop_class: [],
  body_part: [],
  station: [],
  study_description: [],
  series_description: [],
  to: [],
  enabled: true,
  source: "runtime",
};

/** The conditions of a route that are lists of texts, with their names for the page. */
export const CONDITIONS = [
  { key: "from", label: "From AE" },
  { key: "modality", label: "Modality" },
  { key: "body_part", label: "Body part" },
  { key: "station", label: "Station" },
  { key: "study_description", label: "Study description" },
  { key: "series_description", label: "Series description" },
] as const;

export function conditionText(route: Route): string {
  const texts = CONDITIONS.flatMap(({ key, label }) => {
    const values = route[key] ?? [];
    return values.length > 0 ? [`${label.toLowerCase()} ${values.join(" or ")}`] : [];
  });
  return texts.join(", ") || "always";
}

/** What was typed into one field: texts between commas. */
export function readList(typed: string): string[] {
  return typed
    .split(",")
    .map((part) => part.trim())
    .filter(Boolean);
}

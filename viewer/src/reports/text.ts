/** Words for findings and content items. */
import type { ContentItem } from "./content";
import type { Finding, Measurement } from "./findings";
import { unitText } from "./findings";

const NUMBER = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 4 });

export function measurementText({ name, value, unit }: Measurement): string {
  return [name, NUMBER.format(value), unit].filter(Boolean).join(" ");
}

export function siteText({ site, laterality }: Finding): string {
  return [laterality, site].filter(Boolean).join(" ").toLowerCase();
}

export function certaintyText({ certaintyPercent }: Finding): string {
  return certaintyPercent === null ? "" : `${NUMBER.format(certaintyPercent)} %`;
}

/** One line of the report's tree: the concept, and after a colon its value. */
export function contentText(item: ContentItem): string {
  const name = item.concept?.meaning || item.concept?.value || "";
  const value = valueText(item);
  if (!name) return value || "Content";
  return value ? `${name}: ${value}` : name;
}

function valueText({ value }: ContentItem): string {
  switch (value.type) {
    case "CODE":
      return value.code.meaning || value.code.value;
    case "TEXT":
      return value.text;
    case "NUM":
      if (value.number === null) return value.missing?.meaning ?? "no value";
      return [NUMBER.format(value.number), unitText(value.unit)].filter(Boolean).join(" ");
    case "SCOORD":
    case "SCOORD3D":
      return `${value.graphic}, ${value.points.length} ${value.points.length === 1 ? "point" : "points"}`;
    case "IMAGE":
      return value.reference.sopInstanceUid;
    case "OTHER":
      return value.valueType;
    default:
      return "";
  }
}

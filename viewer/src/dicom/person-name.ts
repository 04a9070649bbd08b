/**
 * Person names (VR PN), PS3.5 6.2: up to three component groups (alphabetic, ideographic, phonetic),
 * each of up to five components: family, given, middle, prefix, suffix.
 */

/** A person name as the DICOM JSON model writes it, PS3.18 F.2.2. */
export interface JsonPersonName {
  Alphabetic?: string;
  Ideographic?: string;
  Phonetic?: string;
}

export interface PersonName {
  alphabetic: string;
  ideographic: string;
  phonetic: string;
}

export function parsePersonName(value: string | JsonPersonName | null | undefined): PersonName {
  if (typeof value === "object" && value !== null) {
    return {
      alphabetic: readGroup(value.Alphabetic),
      ideographic: readGroup(value.Ideographic),
      phonetic: readGroup(value.Phonetic),
    };
  }
  const [alphabetic, ideographic, phonetic, ...surplus] = (value ?? "").split("=");
  // More than three groups are no person name; what it is, the reader must see.
  if (surplus.length > 0) return { alphabetic: value ?? "", ideographic: "", phonetic: "" };
  return {
    alphabetic: readGroup(alphabetic),
    ideographic: readGroup(ideographic),
    phonetic: readGroup(phonetic),
  };
}

/** "Yamada^Tarou" as "Yamada, Tarou"; a prefix and a suffix follow. */
function readGroup(group: string | undefined): string {
  const [family = "", given = "", middle = "", prefix = "", suffix = ""] = (group ?? "")
    .split("^")
    .map((component) => component.trim());
  const first = [prefix, given, middle].filter(Boolean).join(" ");
  return [[family, first].filter(Boolean).join(", "), suffix].filter(Boolean).join(", ");
}

/** All component groups in one line: `Yamada, Tarou 山田, 太郎 (やまだ, たろう)`. */
export function formatPersonName(value: string | JsonPersonName | null | undefined): string {
  const { alphabetic, ideographic, phonetic } = parsePersonName(value);
  const groups = [alphabetic, ideographic.replace(", ", " ")].filter(Boolean);
  if (phonetic) groups.push(`(${phonetic.replace(", ", " ")})`);
  return groups.join(" ") || "No name";
}

import type { AeBody } from "../../http/schemas";

/** Text as typed, several values divided by commas or spaces, on or off, or one of several. */
interface Field {
  label: string;
  kind: "text" | "list" | "switch" | "choice";
  help?: string;
  placeholder?: string;
  options?: readonly { value: string; label: string }[];
}

/** An entry's keys that the page does not show: its tenant is that of whoever makes it. */
type Shown = Exclude<keyof AeBody, "tenant">;
/** Keys with controls of their own. */
type Special = "allowed" | "results";

export const FIELDS = {
  name: { label: "Name", kind: "text", help: "What rules and commands call it; the AE title if left out." },
  ae_title: { label: "AE title", kind: "text" },
  host: { label: "Host", kind: "text" },
  port: { label: "Port", kind: "text" },
  tls: {
    label: "Call it over TLS",
    kind: "switch",
    help: "The node never falls back to a plain connection.",
  },
  source_networks: {
    label: "Networks it may call from",
    kind: "list",
    placeholder: "10.1.2.0/24",
    help: "Addresses or CIDR networks; any if left out.",
  },
  certificate: {
    label: "Certificate",
    kind: "text",
    placeholder: "CN=ct1, O=Hospital",
    help: "SHA-256 fingerprint, or attributes of the subject, that it must show on the TLS port.",
  },
  user: { label: "User identity", kind: "text", help: "User name that it must show." },
  password_hash: {
    label: "Hash of its passcode",
    kind: "text",
    help: "What `isocenter ae password` prints. It is never shown again; left out, it stays as it is.",
  },
  sr_class: {
    label: "Kind of SR documents",
    kind: "choice",
    help: "Older archives keep only Comprehensive or Enhanced SR.",
    options: [
      { value: "comprehensive3d", label: "Comprehensive 3D SR" },
      { value: "comprehensive", label: "Comprehensive SR" },
      { value: "enhanced", label: "Enhanced SR" },
    ],
  },
  transfer_syntaxes: {
    label: "Transfer syntaxes",
    kind: "list",
    placeholder: "1.2.840.10008.1.2.1",
    help: "UIDs it may be sent, the best first; as stored, or uncompressed, if left out.",
  },
  charset: {
    label: "Character set",
    kind: "text",
    placeholder: "ISO_IR 192",
    help: "Specific Character Set of answers to its queries; that of the query if left out.",
  },
  commitment_report: {
    label: "Storage commitment result",
    kind: "choice",
    options: [
      { value: "new", label: "over a new association" },
      { value: "same", label: "on the association of the request" },
    ],
  },
  availability: {
    label: "Tell it of complete series and results",
    kind: "switch",
    help: "Instance Availability Notification.",
  },
  get_without_roles: {
    label: "Role selection may be missing",
    kind: "switch",
    help: "Send to its C-GET although it has not proposed itself as SCP of storage.",
  },
} as const satisfies Record<Exclude<Shown, Special>, Field>;

export type FieldKey = keyof typeof FIELDS;

export const fieldOf = (key: FieldKey): Field => FIELDS[key];

/** The groups of the dialog below the address. */
export const GROUPS: readonly { title: string; keys: readonly FieldKey[] }[] = [
  { title: "How it proves who it is", keys: ["source_networks", "certificate", "user", "password_hash"] },
  { title: "What it is sent", keys: ["sr_class", "transfer_syntaxes", "charset", "commitment_report"] },
  { title: "Also", keys: ["tls", "availability", "get_without_roles"] },
];

/** What the node understands each service as. */
export const SERVICES = [
  { key: "echo", label: "Echo" },
  { key: "store", label: "Store" },
  { key: "find", label: "Find" },
  { key: "move", label: "Move" },
  { key: "get", label: "Get" },
  { key: "commit", label: "Commit" },
  { key: "worklist", label: "Worklist" },
  { key: "mpps", label: "MPPS" },
  { key: "ups", label: "Workitems" },
] as const;

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { formatMoment } from "../../dicom/dates";
import { request } from "../../http/client";
import { explain } from "../../http/problem";
import type { Schemas } from "../../http/schemas";
import { useCollection } from "../../http/useCollection";
import { Button } from "../../ui/Button";
import { CollectionTable } from "../../ui/CollectionTable";
import type { Column } from "../../ui/DataTable";
import { Alert } from "../../ui/messages";
import { Section } from "../../ui/Section";
import { Select } from "../../ui/Select";

type Delivery = Schemas["Delivery"];

const PATH = "/api/v1/deliveries";
const STATUSES = [
  { value: "", label: "All" },
  ...["queued", "sent", "confirmed", "failed"].map((value) => ({ value, label: value })),
];

export function DeliveryTable() {
  const [status, setStatus] = useState("");
  const query = useCollection<Delivery>(["deliveries"], PATH, { status });
  const queries = useQueryClient();
  const retry = useMutation({
    mutationFn: ({ id }: Delivery) => request<Delivery>(`${PATH}/${id}/retry`, { method: "POST" }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["deliveries"] }),
  });
  const columns: Column<Delivery>[] = [
    { header: "Created", cell: ({ created }) => formatMoment(created), className: "whitespace-nowrap" },
    { header: "Destination", cell: ({ destination }) => <span className="font-medium">{destination}</span> },
    { header: "Study", cell: ({ study_uid }) => <StudyLink uid={study_uid} /> },
    { header: "Status", cell: ({ status: found }) => <span className={COLOURS[found]}>{found}</span> },
    { header: "Attempt", cell: ({ attempt }) => attempt },
    { header: "Next attempt", cell: ({ next_attempt }) => formatMoment(next_attempt) },
    { header: "Error", cell: ({ error }) => error, className: "break-words" },
    {
      header: "Action",
      cell: (delivery) =>
        delivery.status === "failed" || delivery.error ? (
          <Button disabled={retry.isPending} onClick={() => retry.mutate(delivery)}>
            Retry
          </Button>
        ) : null,
    },
  ];
  return (
    <Section
      title="Deliveries"
      action={
        <Select
          label="Delivery status"
          value={status}
          options={STATUSES}
          onChange={setStatus}
          className="w-32"
        />
      }
    >
      {retry.isError && <Alert>{explain(retry.error)}</Alert>}
      <CollectionTable
        label="Deliveries"
        what="The deliveries"
        query={query}
        columns={columns}
        rowKey={({ id }) => id}
        empty="Nothing was sent yet."
      />
    </Section>
  );
}

const COLOURS: Record<Delivery["status"], string> = {
  queued: "text-muted",
  sent: "text-accent",
  confirmed: "text-good",
  failed: "text-danger",
};

function StudyLink({ uid }: { uid: string }) {
  return (
    <Link to="/studies/$studyUid" params={{ studyUid: uid }} className="text-accent underline" title={uid}>
      …{uid.slice(-12)}
    </Link>
  );
}

import { DeliveryTable } from "./DeliveryTable";
import { RouteTable } from "./RouteTable";

/** Where objects are sent, and what became of that. */
export function RoutingTab() {
  return (
    <>
      <RouteTable />
      <DeliveryTable />
    </>
  );
}

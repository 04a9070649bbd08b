import { ApiKeyTable } from "./ApiKeyTable";
import { UserTable } from "./UserTable";

export function UsersTab() {
  return (
    <>
      <UserTable />
      <ApiKeyTable />
    </>
  );
}

import { type FormEvent, useState } from "react";
import { explain, Problem } from "../http/problem";
import { Button } from "../ui/Button";
import { Alert } from "../ui/messages";
import { TextField } from "../ui/TextField";
import { usePageTitle } from "../ui/usePageTitle";
import { Wordmark } from "../ui/Wordmark";
import { useLogIn } from "./session";

function reason(error: unknown): string {
  if (error instanceof Problem && error.status === 401) return "User name or password is wrong";
  if (error instanceof Problem && error.status === 429) {
    return "Too many attempts. Wait a minute before you try again.";
  }
  return explain(error);
}

export function LoginPage() {
  usePageTitle("Log in");
  const logIn = useLogIn();
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");

  const submit = (event: FormEvent) => {
    event.preventDefault();
    logIn.mutate({ username, password });
  };

  return (
    <main className="grid min-h-dvh place-items-center p-4">
      <form onSubmit={submit} className="w-full max-w-80 rounded-lg border border-line bg-surface p-6">
        <Wordmark />
        <h1 className="mt-5 mb-4 text-base font-semibold">Log in to Isocenter</h1>
        <div className="grid gap-3">
          <TextField
            label="User name"
            autoComplete="username"
            required
            autoFocus
            value={username}
            onChange={setUsername}
          />
          <TextField
            label="Password"
            type="password"
            autoComplete="current-password"
            required
            value={password}
            onChange={setPassword}
          />
          {logIn.isError && <Alert>{reason(logIn.error)}</Alert>}
          <Button type="submit" tone="primary" disabled={logIn.isPending} className="mt-1 h-9">
            Log in
          </Button>
        </div>
      </form>
    </main>
  );
}

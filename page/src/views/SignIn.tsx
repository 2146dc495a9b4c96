import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { change } from "../api/client";
import type { Session } from "../api/types";
import { Trouble } from "../app/Answer";
import "./sign-in.css";

/** The way in: name and password, or the first account of a new server. */
export function SignIn({ session }: { session: Session }) {
  const queries = useQueryClient();
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const first = session.needs_set_up;
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = Object.fromEntries([...new FormData(event.currentTarget)].map(([name, value]) => [name, String(value).trim()]));
    setBusy(true);
    setError(null);
    try {
      await change<Session>("POST", first ? "/api/setup" : "/api/sign-in", fields);
      await queries.resetQueries();
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <main className="sign-in">
      <form onSubmit={(event) => void submit(event)}>
        <h1>{first ? "The first account" : "Sign in to Signalbox"}</h1>
        {first && <p>This server has no user yet. It printed a set-up token when it started; whoever has it makes the first admin.</p>}
        {first && (
          <label className="field">
            Set-up token
            <input className="input" name="token" required autoComplete="one-time-code" autoFocus />
          </label>
        )}
        <label className="field">
          Name
          <input className="input" name="name" required autoComplete="username" autoFocus={!first} />
        </label>
        <label className="field">
          Password
          <input className="input" name="password" type="password" required autoComplete={first ? "new-password" : "current-password"} />
        </label>
        {error !== null && <Trouble error={error} />}
        <button type="submit" className="button main" disabled={busy}>
          {first ? "Make the account" : "Sign in"}
        </button>
        {!first && (
          <p className="small soft">
            No account? An admin makes one with <code>signalbox users add NAME</code>.
          </p>
        )}
      </form>
    </main>
  );
}

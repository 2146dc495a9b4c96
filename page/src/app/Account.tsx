import { useQuery, useQueryClient } from "@tanstack/react-query";
import { change } from "../api/client";
import { sessionQuery } from "../api/queries";

/** Who is signed in, and the way out. */
export function Account() {
  const queries = useQueryClient();
  const user = useQuery(sessionQuery).data?.user;
  if (!user) {
    return null;
  }
  const leave = async () => {
    await change("POST", "/api/sign-out");
    queries.clear();
    window.location.assign("/");
  };
  return (
    <div className="account">
      <span>
        {user.name}, {user.role}
      </span>
      <button type="button" onClick={() => void leave()}>
        Sign out
      </button>
    </div>
  );
}

/** What changes things is for admins: the others see it, and cannot press it. */
export function useMayChange(): boolean {
  return useQuery(sessionQuery).data?.user?.role === "admin";
}

import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Problem } from "../api/client";
import { Loading } from "../design/parts";

/** What a query gave: its data, or what went wrong and what to do about it. */
export function Answer<T>({ of, what, children }: { of: UseQueryResult<T>; what: string; children: (data: T) => ReactNode }) {
  if (of.data !== undefined) {
    return <>{children(of.data)}</>;
  }
  return of.error ? <Trouble error={of.error} retry={() => void of.refetch()} /> : <Loading what={what} />;
}

export function Trouble({ error, retry }: { error: unknown; retry?: () => void }) {
  const title = error instanceof Error ? error.message : String(error);
  const detail = error instanceof Problem ? error.detail : "";
  return (
    <div className="problem" role="alert">
      <strong>{title}</strong>
      {detail && <p className="breaks">{detail}</p>}
      {retry && (
        <button type="button" className="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

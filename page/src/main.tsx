import "@fontsource/barlow/latin-400.css";
import "@fontsource/barlow/latin-600.css";
import "@fontsource/barlow-semi-condensed/latin-500.css";
import "@fontsource/barlow-semi-condensed/latin-600.css";
import "./design/tokens.css";
import "./design/base.css";
import "./design/parts.css";
import { QueryClient, QueryClientProvider, useQuery } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { lazy, StrictMode, Suspense } from "react";
import { createRoot } from "react-dom/client";
import { Problem, sendAntiforgery } from "./api/client";
import { sessionQuery } from "./api/queries";
import { Answer } from "./app/Answer";
import { PreferencesProvider } from "./app/preferences";
import { router } from "./app/router";

const SignIn = lazy(() => import("./views/SignIn").then((module) => ({ default: module.SignIn })));

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 2_000,
      // What the caller did wrong is not mended by asking again; a server that is away may come back.
      retry: (count, error) => count < 3 && error instanceof Problem && (error.status === 0 || error.status >= 500),
    },
  },
});
queries.getQueryCache().subscribe((event) => {
  if (event.type === "updated" && event.query.state.error instanceof Problem && event.query.state.error.status === 401) {
    void queries.invalidateQueries({ queryKey: sessionQuery.queryKey });
  }
});

function Page() {
  const session = useQuery(sessionQuery);
  return (
    <Answer of={session} what="who you are">
      {(known) => {
        sendAntiforgery(known.antiforgery);
        return known.user === null ? (
          <Suspense>
            <SignIn session={known} />
          </Suspense>
        ) : (
          <RouterProvider router={router} />
        );
      }}
    </Answer>
  );
}

createRoot(document.getElementById("page")!).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <PreferencesProvider>
        <Page />
      </PreferencesProvider>
    </QueryClientProvider>
  </StrictMode>,
);

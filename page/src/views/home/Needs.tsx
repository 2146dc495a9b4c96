import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { approvalsQuery } from "../../api/queries";
import type { Approval, Need } from "../../api/types";
import { At } from "../../app/preferences";
import { Panel } from "../../design/parts";
import { Signal } from "../../design/Signal";
import { askingTask } from "../../logic/approvals";

// What answers is not needed before there is a question: it stays out of the first view.
const AnswerButtons = lazy(async () => ({ default: (await import("../approvals/AnswerButtons")).AnswerButtons }));
const LetterButtons = lazy(() => import("./LetterButtons"));

const needStates: Record<string, string> = { failed: "failed", file: "failed", late: "late", at_risk: "late", dataset: "late", dead_letter: "blocked", approval: "open", paused: "paused" };
const needWords: Record<string, string> = { failed: "failed", file: "mistake in a file", late: "deadline missed", at_risk: "deadline at risk", dataset: "dataset late", dead_letter: "dead letter", approval: "asks you", paused: "paused" };

/** What does not go on without a person, and what can be done about it at once. */
export function Needs({ needs }: { needs: Need[] }) {
  const approvals = useQuery({ ...approvalsQuery, enabled: needs.some((need) => need.kind === "approval") }).data ?? [];
  return (
    <Panel title="Needs you">
      <ul className="needs">
        {needs.map((need, index) => (
          <li key={`${need.kind}.${need.run ?? need.pipeline}.${need.letter ?? need.dataset ?? index}`}>
            <Signal state={needStates[need.kind] ?? "failed"} title={needWords[need.kind] ?? need.kind} />
            <div className="stack tight">
              <strong>
                <About need={need} />
                {need.task && <span className="soft"> · {need.task}</span>}
              </strong>
              <p className="message">{need.message}</p>
              <Deeds need={need} approvals={approvals} />
            </div>
            <span className="small faint">
              <At at={need.at} />
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function About({ need }: { need: Need }) {
  if (need.dataset) {
    return (
      <Link to="/datasets/$name" params={{ name: need.dataset }}>
        {need.dataset}
      </Link>
    );
  }
  if (need.run === null) {
    return (
      <Link to="/pipelines/$name" params={{ name: need.pipeline }}>
        {need.pipeline}
      </Link>
    );
  }
  return (
    <Link to="/runs/$number" params={{ number: String(need.run) }} search={{ task: need.task ?? undefined }}>
      {need.pipeline}
      {need.partition && `, ${need.partition}`}
    </Link>
  );
}

function Deeds({ need, approvals }: { need: Need; approvals: Approval[] }) {
  const asked = need.kind === "approval" ? approvals.find((one) => one.run === need.run && askingTask(one) === need.task) : undefined;
  if (!asked && need.kind !== "dead_letter") {
    return null;
  }
  return (
    <Suspense>
      <div className="row">
        {asked && <AnswerButtons asked={asked} />}
        {need.kind === "dead_letter" && need.letter && <LetterButtons letter={need.letter} />}
      </div>
    </Suspense>
  );
}

import { useQuery } from "@tanstack/react-query";
import { approvalsQuery } from "../../api/queries";
import { Panel } from "../../design/parts";
import { askingTask } from "../../logic/approvals";
import { AnswerButtons, Question } from "./AnswerButtons";

/** What tasks of a run ask of people; nothing when none does. */
export default function OpenQuestions({ run }: { run: number }) {
  const open = useQuery(approvalsQuery).data?.filter((asked) => asked.run === run && asked.state === "open") ?? [];
  return open.map((asked) => (
    <Panel key={askingTask(asked)} title={`${askingTask(asked)} asks you`} note={asked.label ?? undefined}>
      <div className="stack">
        <Question asked={asked} />
        <div className="row">
          <AnswerButtons asked={asked} />
        </div>
      </div>
    </Panel>
  ));
}

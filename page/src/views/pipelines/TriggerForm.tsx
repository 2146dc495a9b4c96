import { useNavigate } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { change } from "../../api/client";
import type { PipelineDetail, Run } from "../../api/types";
import { useMayChange } from "../../app/Account";
import { ParamField } from "../../app/ParamField";
import { Empty } from "../../design/parts";
import { cli, curl } from "../../logic/commands";
import { readParams, textOfDefault } from "../../logic/params";
import { Asking } from "../run/Actions";

/** Starts a run: its date, and a field for each parameter that the file states. */
export function TriggerForm({ detail }: { detail: PipelineDetail }) {
  const { about, params: schema } = detail;
  const navigate = useNavigate();
  const mayChange = useMayChange();
  const started = useRef<Run | null>(null);
  const [date, setDate] = useState("");
  const [texts, setTexts] = useState<Record<string, string>>({});
  const { params, problems } = readParams(schema, texts);
  const path = `/api/pipelines/${encodeURIComponent(about.pipeline)}/runs`;
  const body = { date: date || null, params };
  const names = Object.entries(schema.properties);
  if (!mayChange) {
    return <Empty>Starting runs needs the role admin. An admin gives it with `signalbox users`.</Empty>;
  }
  const paramWords = Object.entries(params).map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  return (
    <div className="card" style={{ maxWidth: 640 }}>
      <Asking
        send={async () => {
          started.current = await change<Run>("POST", path, body);
        }}
        submit="Start the run"
        isReady={Object.keys(problems).length === 0}
        command={`${cli("run", [about.pipeline], { date })}${paramWords.map((word) => ` ${cli("", [word]).replace("signalbox  ", "--param ")}`).join("")}`}
        call={curl(window.location.origin, "POST", path, body)}
        onDone={() => void navigate({ to: "/runs/$number", params: { number: String(started.current?.number) } })}
        onCancel={() => void navigate({ to: "/pipelines/$name", params: { name: about.pipeline } })}
      >
        <label className="field">
          Date that the run is for; empty for the latest that is over
          <input className="input" type="date" value={date} onChange={(event) => setDate(event.target.value)} />
        </label>
        {names.map(([name, property]) => (
          <ParamField key={name} name={name} property={property} text={texts[name] ?? textOfDefault(property)} problem={problems[name]} onChange={(text) => setTexts((before) => ({ ...before, [name]: text }))} />
        ))}
        {names.length === 0 && <p className="soft">It states no parameters.</p>}
      </Asking>
    </div>
  );
}

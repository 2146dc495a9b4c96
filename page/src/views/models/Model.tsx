import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { modelQuery } from "../../api/queries";
import type { ModelDocument, ModelVersion } from "../../api/types";
import { Answer } from "../../app/Answer";
import { At } from "../../app/preferences";
import { Copy, Panel } from "../../design/parts";
import { cli, curl } from "../../logic/commands";
import { comparisonOf, metricsOf, pairOf } from "../../logic/models";
import { metricText } from "../../logic/numbers";

export function Model() {
  const { name } = useParams({ from: "/models/$name" });
  const model = useQuery(modelQuery(name));
  return <Answer of={model} what={`model ${name}`}>{(document) => <Shown model={document} />}</Answer>;
}

function Shown({ model }: { model: ModelDocument }) {
  const search = useSearch({ from: "/models/$name" });
  const { champion, candidate } = pairOf(model, search.against, search.version);
  const metrics = metricsOf(model.versions);
  return (
    <div className="stack wide">
      <div className="title">
        <div>
          <p className="crumbs">
            <Link to="/models">Models</Link>
          </p>
          <h1>{model.name}</h1>
          <p className="row">
            {Object.entries(model.aliases).map(([alias, version]) => (
              <span key={alias} className="tag">
                {alias} is version {version}
              </span>
            ))}
          </p>
        </div>
        <div className="actions">
          <Copy text={cli("models show", [model.name])} label="Copy as command" />
          <Copy text={curl(window.location.origin, "GET", `/api/models/versions?name=${encodeURIComponent(model.name)}`)} label="Copy as curl" />
        </div>
      </div>
      <div className="columns">
        <Panel title="Versions" note="the newest first">
          <div className="scroll" tabIndex={0} role="group" aria-label="Table">
            <table>
              <thead>
                <tr>
                  <th className="number">Version</th>
                  <th>Made</th>
                  <th>Run</th>
                  {metrics.slice(0, 4).map((metric) => (
                    <th key={metric} className="number">
                      {metric.replaceAll("_", " ")}
                    </th>
                  ))}
                  <th />
                </tr>
              </thead>
              <tbody>
                {model.versions.map((version) => (
                  <tr key={version.version}>
                    <td className="number strong">{version.version}</td>
                    <td>
                      <At at={version.created_at} />
                    </td>
                    <td>
                      <Link to="/runs/$number" params={{ number: String(version.run) }} className="quiet">
                        {version.partition}, run {version.run}
                      </Link>
                    </td>
                    {metrics.slice(0, 4).map((metric) => (
                      <td key={metric} className="number">
                        {version.metrics[metric] === undefined ? "–" : metricText(version.metrics[metric])}
                      </td>
                    ))}
                    <td>
                      {Object.entries(model.aliases)
                        .filter(([, number]) => number === version.version)
                        .map(([alias]) => (
                          <span key={alias} className="tag">
                            {alias}
                          </span>
                        ))}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </Panel>
        {candidate && <Comparison model={model} champion={champion} candidate={candidate} />}
      </div>
      <Panel title="Moves of aliases" note="the newest first">
        <div className="scroll" tabIndex={0} role="group" aria-label="Table">
          <table>
            <thead>
              <tr>
                <th>When</th>
                <th>Alias</th>
                <th>From</th>
                <th>To</th>
                <th>Who</th>
                <th>Why</th>
              </tr>
            </thead>
            <tbody>
              {model.moves.map((move, index) => (
                <tr key={index}>
                  <td>
                    <At at={move.at} seconds />
                  </td>
                  <td>{move.alias}</td>
                  <td>{move.from ?? "–"}</td>
                  <td>{move.to}</td>
                  <td>{move.who ?? (move.run === null ? "–" : <Link to="/runs/$number" params={{ number: String(move.run) }}>run {move.run}</Link>)}</td>
                  <td className="breaks">{move.reason}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </Panel>
    </div>
  );
}

function Comparison({ model, champion, candidate }: { model: ModelDocument; champion: ModelVersion | undefined; candidate: ModelVersion }) {
  const navigate = useNavigate({ from: "/models/$name" });
  const choose = (label: string, value: number | undefined, set: (version: number) => void) => (
    <label className="field">
      {label}
      <select className="input" value={value ?? ""} onChange={(event) => set(Number(event.target.value))}>
        {value === undefined && <option value="">none</option>}
        {model.versions.map((version) => (
          <option key={version.version} value={version.version}>
            version {version.version}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <Panel title="Champion against candidate">
      <div className="stack">
        <div className="row">
          {choose("Champion", champion?.version, (version) => void navigate({ search: (before) => ({ ...before, against: version }), replace: true, resetScroll: false }))}
          {choose("Candidate", candidate.version, (version) => void navigate({ search: (before) => ({ ...before, version }), replace: true, resetScroll: false }))}
        </div>
        <table>
          <thead>
            <tr>
              <th>Metric</th>
              <th className="number">Champion</th>
              <th className="number">Candidate</th>
              <th className="number">Difference</th>
            </tr>
          </thead>
          <tbody>
            {comparisonOf(champion, candidate).map((line) => (
              <tr key={line.name}>
                <td>{line.name.replaceAll("_", " ")}</td>
                <td className="number">{line.champion === null ? "–" : metricText(line.champion)}</td>
                <td className="number">{line.candidate === null ? "–" : metricText(line.candidate)}</td>
                <td className="number strong">{line.difference === null ? "–" : line.difference === 0 ? "0" : `${line.difference > 0 ? "+" : "−"}${metricText(Math.abs(line.difference))}`}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { sourceQuery, versionsQuery } from "../../api/queries";
import type { PipelineVersion } from "../../api/types";
import { Answer } from "../../app/Answer";
import { At } from "../../app/preferences";
import { Segmented } from "../../design/parts";
import { contextOf, diffOf } from "../../logic/diff";
import { useState } from "react";

/** What its author wrote, version by version, and what changed from one to the next. */
export function Versions({ pipeline, chosen, against }: { pipeline: string; chosen: string | undefined; against: string | undefined }) {
  const versions = useQuery(versionsQuery(pipeline));
  return (
    <Answer of={versions} what="the versions">
      {(all) => {
        const index = Math.max(0, all.findIndex((one) => (chosen ? one.version === chosen : one.current)));
        const version = all[index];
        const before = all.find((one) => one.version === against) ?? all[index + 1];
        return (
          <div className="columns" style={{ gridTemplateColumns: "minmax(0, 260px) minmax(0, 1fr)" }}>
            <ul className="version-list" aria-label="Versions">
              {all.map((one) => (
                <li key={one.version}>
                  <Link to="/pipelines/$name" params={{ name: pipeline }} search={{ tab: "versions", version: one.version }} replace resetScroll={false} activeOptions={{ exact: true, includeSearch: true, explicitUndefined: true }} activeProps={{}} className={one === version ? "active" : ""} aria-current={one === version ? "true" : undefined}>
                    <code>{one.version}</code>
                    <span className="small soft">
                      <At at={one.first_seen} />
                      {one.current && ", current"}
                    </span>
                  </Link>
                </li>
              ))}
            </ul>
            {version ? <Source pipeline={pipeline} version={version} before={before} /> : <p className="soft">There is no version {chosen}.</p>}
          </div>
        );
      }}
    </Answer>
  );
}

function Source({ pipeline, version, before }: { pipeline: string; version: PipelineVersion; before: PipelineVersion | undefined }) {
  const [shown, setShown] = useState<"source" | "changes">("source");
  const source = useQuery(sourceQuery(pipeline, version.version));
  const earlier = useQuery({ ...sourceQuery(pipeline, before?.version ?? ""), enabled: before !== undefined && shown === "changes" });
  return (
    <div className="stack">
      <div className="row">
        <Segmented
          label="What is shown"
          value={shown}
          options={[
            { value: "source", text: "Source" },
            { value: "changes", text: before ? `Changes since ${before.version}` : "Changes" },
          ]}
          onChange={setShown}
        />
      </div>
      {shown === "source" ? (
        <Answer of={source} what="the source">
          {(text) => (
            <div className="source" tabIndex={0} role="region" aria-label={`Source of version ${version.version}`}>
              {text.source.split("\n").map((line, index) => (
                <div key={index}>
                  <span className="at">{index + 1}</span>
                  <span />
                  <span>{line}</span>
                </div>
              ))}
            </div>
          )}
        </Answer>
      ) : before === undefined ? (
        <p className="soft">This is the first version that was seen, so there is nothing to compare it with.</p>
      ) : (
        <Answer of={source} what="the source">
          {(after) => <Answer of={earlier} what="the version before">{(first) => <Changes before={first.source} after={after.source} />}</Answer>}
        </Answer>
      )}
    </div>
  );
}

function Changes({ before, after }: { before: string; after: string }) {
  const lines = contextOf(diffOf(before, after));
  if (!lines.some((line) => line !== null)) {
    return <p className="soft">The texts are the same; what the version stands for differs in files that it includes.</p>;
  }
  return (
    <div className="source" tabIndex={0} role="region" aria-label="Changes">
      {lines.map((line, index) =>
        line === null ? (
          <div key={index} className="gap">
            …
          </div>
        ) : (
          <div key={index} className={line.kind}>
            <span className="at">{line.after ?? line.before}</span>
            <span aria-label={line.kind === "same" ? undefined : line.kind}>{line.kind === "added" ? "+" : line.kind === "removed" ? "−" : ""}</span>
            <span>{line.text}</span>
          </div>
        ),
      )}
    </div>
  );
}

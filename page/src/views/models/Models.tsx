import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { modelsQuery } from "../../api/queries";
import { Answer } from "../../app/Answer";
import { At } from "../../app/preferences";
import { Empty } from "../../design/parts";

export function Models() {
  const models = useQuery(modelsQuery);
  return (
    <div className="stack">
      <h1>Models</h1>
      <Answer of={models} what="the models">
        {(all) =>
          all.length === 0 ? (
            <Empty command={`outputs: { model: { path: "models/{{ ds }}.bin", model: churn } }`}>No run has made a model. An output becomes a version of a model by naming it:</Empty>
          ) : (
            <div className="scroll" tabIndex={0} role="group" aria-label="Table">
              <table>
                <thead>
                  <tr>
                    <th>Model</th>
                    <th className="number">Latest version</th>
                    <th>Made</th>
                    <th>Aliases</th>
                  </tr>
                </thead>
                <tbody>
                  {all.map((model) => (
                    <tr key={model.name}>
                      <td>
                        <Link to="/models/$name" params={{ name: model.name }} className="strong">
                          {model.name}
                        </Link>
                      </td>
                      <td className="number">{model.latest_version}</td>
                      <td>
                        <At at={model.latest_at} />
                      </td>
                      <td className="row">
                        {Object.entries(model.aliases).map(([alias, version]) => (
                          <span key={alias} className="tag">
                            {alias} is version {version}
                          </span>
                        ))}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Answer>
    </div>
  );
}

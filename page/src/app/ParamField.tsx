import type { ParamProperty } from "../api/types";

/** A field for a value of a type that a file states: a parameter of a run, or what an approval asks for. */
export function ParamField({ name, property, text, problem, onChange }: { name: string; property: ParamProperty; text: string; problem: string | undefined; onChange: (text: string) => void }) {
  const isLong = property.type === "array" || property.type === "object" || property.type === undefined;
  const id = `param-${name}`;
  const shared = { id, className: "input", value: text, "aria-invalid": problem !== undefined, "aria-describedby": problem ? `${id}-problem` : undefined };
  return (
    <div className="stack tight">
      <label className="field" htmlFor={id}>
        {name}
        {property.type && `, ${property.type}`}
        {property.description && `: ${property.description}`}
      </label>
      {property.enum || property.type === "boolean" ? (
        <select {...shared} onChange={(event) => onChange(event.target.value)}>
          {(property.enum ?? [true, false]).map((option) => (
            <option key={String(option)}>{String(option)}</option>
          ))}
        </select>
      ) : isLong ? (
        <textarea {...shared} rows={3} onChange={(event) => onChange(event.target.value)} />
      ) : (
        <input {...shared} type={property.type === "date" ? "date" : "text"} inputMode={property.type === "integer" || property.type === "number" ? "decimal" : undefined} onChange={(event) => onChange(event.target.value)} />
      )}
      {problem && (
        <p className="small" id={`${id}-problem`} style={{ color: "var(--failed)" }}>
          {problem}
        </p>
      )}
    </div>
  );
}

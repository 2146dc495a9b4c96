import { type ReactNode, useEffect, useId, useRef, useState } from "react";

export function Panel({ title, note, aside, children, id }: { title: string; note?: ReactNode; aside?: ReactNode; children: ReactNode; id?: string }) {
  const heading = useId();
  return (
    <section className="panel" aria-labelledby={heading} id={id}>
      <header>
        <h2 id={heading}>{title}</h2>
        {note && <p>{note}</p>}
        {aside && <div className="push row">{aside}</div>}
      </header>
      {children}
    </section>
  );
}

/** What to do when there is nothing: a sentence and the command that makes something. */
export function Empty({ children, command }: { children: ReactNode; command?: string }) {
  return (
    <div className="empty">
      <div>{children}</div>
      {command && <Command text={command} />}
    </div>
  );
}

export function Command({ text, label = "Copy" }: { text: string; label?: string }) {
  return (
    <div className="command">
      <code tabIndex={0}>{text}</code>
      <Copy text={text} label={label} />
    </div>
  );
}

export function Copy({ text, label }: { text: string; label: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (copied) {
      const timer = setTimeout(() => setCopied(false), 1600);
      return () => clearTimeout(timer);
    }
  }, [copied]);
  return (
    <button type="button" className="button plain" onClick={() => void copyText(text).then(() => setCopied(true))} aria-label={`${label}: ${text}`}>
      {copied ? "Copied" : label}
    </button>
  );
}

/** The clipboard is there on secure addresses alone; elsewhere a selection does it. */
async function copyText(text: string): Promise<void> {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

export function Loading({ what }: { what: string }) {
  return (
    <div className="skeleton" role="status">
      Reading {what} …
    </div>
  );
}

/** A modal dialog of the platform: focus stays inside, Escape closes, and the focus goes back where it was. */
export function Dialog({ title, open, onClose, children }: { title: string; open: boolean; onClose: () => void; children: ReactNode }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const element = dialog.current;
    if (open && element && !element.open) {
      element.showModal();
    } else if (!open && element?.open) {
      element.close();
    }
  }, [open]);
  return (
    <dialog ref={dialog} aria-labelledby={heading} onClose={onClose} onClick={(event) => event.target === dialog.current && onClose()}>
      {open && (
        <div className="stack">
          <h2 id={heading}>{title}</h2>
          {children}
        </div>
      )}
    </dialog>
  );
}

/** One of few, as buttons side by side. */
export function Segmented<T extends string>({ label, value, options, onChange }: { label: string; value: T; options: readonly { value: T; text: string }[]; onChange: (value: T) => void }) {
  return (
    <div className="segmented" role="group" aria-label={label}>
      {options.map((option) => (
        <button key={option.value} type="button" aria-pressed={option.value === value} onClick={() => onChange(option.value)}>
          {option.text}
        </button>
      ))}
    </div>
  );
}

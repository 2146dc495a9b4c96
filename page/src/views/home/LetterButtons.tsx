import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { change } from "../../api/client";
import { letterQuery } from "../../api/queries";
import type { InboxMessage } from "../../api/types";
import { useMayChange } from "../../app/Account";
import { Answer } from "../../app/Answer";
import { Dialog } from "../../design/parts";
import { cli, curl } from "../../logic/commands";
import { Asking, Reason } from "../run/Actions";

/** Decides a dead letter anew, or puts it aside. */
export default function LetterButtons({ letter }: { letter: number }) {
  const mayChange = useMayChange();
  const [open, setOpen] = useState<"replay" | "drop" | null>(null);
  const [reason, setReason] = useState("");
  if (!mayChange) {
    return null;
  }
  const replays = open !== "drop";
  const path = `/api/inbox/${letter}/${replays ? "replay" : "drop"}`;
  const body = replays ? undefined : { reason };
  return (
    <>
      <button type="button" className="button" onClick={() => setOpen("replay")} aria-label={`Replay message ${letter} …`}>
        Replay …
      </button>
      <button type="button" className="button plain" onClick={() => setOpen("drop")} aria-label={`Drop message ${letter} …`}>
        Drop …
      </button>
      <Dialog title={`${replays ? "Replay" : "Drop"} message ${letter}`} open={open !== null} onClose={() => setOpen(null)}>
        <Asking
          send={async () => {
            const after = await change<InboxMessage>("POST", path, body);
            if (after.state === "dead") {
              throw new Error(`It is a dead letter again: ${after.reason ?? "no reason was kept"}`);
            }
          }}
          submit={replays ? "Replay it" : "Drop it"}
          danger={!replays}
          isReady={replays || reason.trim() !== ""}
          command={cli(`inbox ${open ?? "replay"}`, [letter], replays ? {} : { reason })}
          call={curl(window.location.origin, "POST", path, body)}
          onDone={() => setOpen(null)}
        >
          <p>{replays ? "It is decided anew by its trigger as the file says it now: mend the trigger or the parameters first." : "It starts no run and leaves the list. It stays in the inbox, and can be replayed."}</p>
          <Payload letter={letter} />
          {!replays && <Reason value={reason} onChange={setReason} />}
        </Asking>
      </Dialog>
    </>
  );
}

function Payload({ letter }: { letter: number }) {
  const message = useQuery(letterQuery(letter));
  return (
    <Answer of={message} what={`message ${letter}`}>
      {(found) => (
        <pre className="payload" tabIndex={0} aria-label="What is in it">
          {JSON.stringify(found.payload, null, 2)}
        </pre>
      )}
    </Answer>
  );
}

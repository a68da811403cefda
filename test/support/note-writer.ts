import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../../build/test/programs/note-writer.js", import.meta.url));

/** A version of a note that was acknowledged; without a body, its deletion. */
export interface AcknowledgedNote {
  readonly id: string;
  readonly sequence: number;
  readonly body?: { readonly text: string; readonly tag: string };
}

/** What was acknowledged of each note, oldest first. */
export type AcknowledgedNotes = Map<string, AcknowledgedNote[]>;

/** Has another process fill a directory, and end by SIGKILL or in good order. @returns what it said was acknowledged. */
export async function directoryLeftBy(ending: "kill" | "close", directory: string): Promise<AcknowledgedNotes> {
  const child = spawn(process.execPath, [program, directory, ending], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  const notes: AcknowledgedNotes = new Map();
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === "done") {
      if (ending === "kill") child.kill("SIGKILL");
      continue;
    }
    const note = JSON.parse(line) as AcknowledgedNote;
    notes.set(note.id, [...(notes.get(note.id) ?? []), note]);
  }
  await ended;
  return notes;
}

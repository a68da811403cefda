import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { nodeFileSystem } from "../../src/files/node-file-system.js";
import type { FileSystem, OpenFile, OpenMode } from "../../src/files/file-system.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { SimulatedDisk } from "./disk/simulated-disk.js";

type Step =
  | { readonly kind: "open"; readonly path: string; readonly mode: OpenMode }
  | { readonly kind: "write"; readonly file: number; readonly position: number; readonly text: string }
  | { readonly kind: "read"; readonly file: number; readonly position: number; readonly length: number }
  | { readonly kind: "resize"; readonly file: number; readonly length: number }
  | { readonly kind: "sync" | "size" | "close"; readonly file: number }
  | {
      readonly kind:
        | "readFile"
        | "readFileNow"
        | "readDirectory"
        | "status"
        | "existsNow"
        | "makeDirectory"
        | "removeDirectory"
        | "remove"
        | "touch"
        | "syncDirectory";
      readonly path: string;
    }
  | { readonly kind: "rename" | "link"; readonly path: string; readonly to: string };

const path = fc.constantFrom("a", "b", "d", "d/a", "d/b", "d/e", "d/e/a", "missing/a");
const file = fc.nat(3);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("open" as const),
      path,
      mode: fc.constantFrom<OpenMode>("create", "create", "read", "write-through", "truncate"),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("write" as const),
      file,
      position: fc.nat(20),
      text: fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 10 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("read" as const),
      file,
      position: fc.nat(20),
      length: fc.integer({ min: 1, max: 30 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("resize" as const), file, length: fc.nat(30) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom("sync" as const, "size" as const, "close" as const), file }),
  },
  {
    weight: 9,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        "readFile" as const,
        "readFileNow" as const,
        "readDirectory" as const,
        "status" as const,
        "existsNow" as const,
        "makeDirectory" as const,
        "makeDirectory" as const,
        "removeDirectory" as const,
        "remove" as const,
        "touch" as const,
        "syncDirectory" as const,
      ),
      path,
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom("rename" as const, "link" as const), path, to: path }) },
);

/** A file system with the files that were opened on it. */
class Subject {
  readonly #fileSystem: FileSystem;
  readonly #root: string;
  readonly #files: OpenFile[] = [];
  /** Told apart by the order in which they were first seen: the numbers themselves are each system's own. */
  readonly #inodes = new Map<number, number>();

  constructor(fileSystem: FileSystem, root: string) {
    this.#fileSystem = fileSystem;
    this.#root = root;
  }

  /** @returns what the step gave, or the code of its error. */
  async take(step: Step): Promise<unknown> {
    try {
      return await this.#take(step);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === undefined) throw error;
      return code;
    }
  }

  async close(): Promise<void> {
    for (const file of this.#files) await file.close();
  }

  async #take(step: Step): Promise<unknown> {
    const disk = this.#fileSystem;
    if (!("path" in step)) return this.#onFile(step);
    const at = join(this.#root, step.path);
    switch (step.kind) {
      case "open":
        this.#files.push(await disk.open(at, step.mode));
        return "opened";
      case "rename":
      case "link":
        return disk[step.kind](at, join(this.#root, step.to));
      case "readFile":
        return (await disk.readFile(at)).toString();
      case "readFileNow":
        return disk.readFileNow(at).toString();
      case "readDirectory":
        return (await disk.readDirectory(at)).map(({ name, kind }) => `${name} ${kind}`).sort();
      case "status": {
        const status = await disk.status(at);
        if (status === undefined) return undefined;
        if (!this.#inodes.has(status.inode)) this.#inodes.set(status.inode, this.#inodes.size);
        // A directory's size is each file system's own, and so are the times of what is written.
        return { kind: status.kind, size: status.kind === "file" ? status.size : 0 };
      }
      case "existsNow":
        return disk.existsNow(at);
      case "touch":
        await disk.touch(at, new Date(86_400_000));
        return (await disk.status(at))?.modifiedAtMs;
      default:
        return disk[step.kind](at);
    }
  }

  async #onFile(step: Extract<Step, { readonly file: number }>): Promise<unknown> {
    const file = this.#files[step.file];
    if (file === undefined) return "no such file";
    switch (step.kind) {
      case "write": {
        const bytes = Buffer.from(step.text);
        return file.write(bytes, 0, bytes.length, step.position);
      }
      case "read": {
        const buffer = Buffer.alloc(step.length);
        const count = await file.read(buffer, 0, step.length, step.position);
        return buffer.toString("utf8", 0, count);
      }
      case "resize":
        return file.truncate(step.length);
      case "sync":
        return file.sync();
      case "size":
        // That of a directory is each file system's own.
        return (await this.#isFile(file)) ? file.size() : "no file";
      case "close":
        this.#files.splice(step.file, 1);
        return file.close();
    }
  }

  async #isFile(file: OpenFile): Promise<boolean> {
    try {
      await file.read(Buffer.alloc(1), 0, 1, 0);
      return true;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code !== "EISDIR";
    }
  }
}

test("the simulated disk answers as the machine's own file system, step by step", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), async (steps) => {
      await using folder = await temporaryFolder();
      const real = new Subject(nodeFileSystem, folder.path);
      const simulated = new Subject(new SimulatedDisk({ mountPoint: folder.path }), folder.path);
      try {
        for (const [index, step] of steps.entries()) {
          const [answer, expected] = [await simulated.take(step), await real.take(step)];
          expect({ index, step, answer }).toEqual({ index, step, answer: expected });
        }
      } finally {
        await real.close();
      }
    }),
    { numRuns: 150 },
  );
});

test("a disk mounted from an image has its content, and leaves the image as it is", async () => {
  const mountPoint = "/simulated";
  const first = new SimulatedDisk({ mountPoint });
  await first.makeDirectory("/simulated/d");
  const written = await first.open("/simulated/d/a", "create");
  await written.write(Buffer.from("first"), 0, 5, 0);
  await first.link("/simulated/d/a", "/simulated/b");
  const image = first.image();

  await written.write(Buffer.from("FIRST"), 0, 5, 0);
  const second = new SimulatedDisk({ mountPoint, image });
  expect(second.readFileNow("/simulated/b").toString()).toBe("first");
  const again = await second.open("/simulated/b", "write-through");
  await again.write(Buffer.from("second"), 0, 6, 0);
  // One file with two names is one file on the other disk too.
  expect(second.readFileNow("/simulated/d/a").toString()).toBe("second");
  expect(new SimulatedDisk({ mountPoint, image }).readFileNow("/simulated/d/a").toString()).toBe("first");
});

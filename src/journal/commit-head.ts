import { EncodedText } from "../files/encoded-text.js";
import { PutCommit } from "./put-commit.js";
import { linePrefixLength } from "./record.js";

/** What the beginning of a commit's line says, so that the rest need not be parsed to know where the commit belongs. */
export interface CommitHead {
  readonly sequence: number;
  readonly durable: number;
}

const number = String.raw`(0|[1-9]\d{0,14})`;
/** ASCII without anything that JSON escapes: so many characters are as many bytes. */
const plain = String.raw`([ !#-[\]-~]*)`;
/** UTF-8, a character for each byte, without anything that JSON escapes. */
const unescaped = String.raw`([^"\\\x00-\x1f]*)`;

/** The members of a put up to its body, as this program writes them; most documents are created by the commit itself. */
const put =
  `"put":"${plain}","id":"(${unescaped}","revision":${number},"schemaVersion":${number},` +
  String.raw`"createdAt":"(?:\2|${plain})","createdSequence":(?:\1|${number}),"createdIndex":${number}` +
  `(?:,"expiresAt":"${plain}")?,"body":)`;

/** As `commitJson` writes it. Whatever matches is the beginning of that JSON, and of no other. */
const head = new RegExp(
  String.raw`\{"sequence":${number},"time":"${plain}","durable":${number},"operation(?:s":\[|":\{(?:${put})?)`,
  "y",
);
/** Has room for an id of some hundred characters. A put that does not fit is read as a whole. */
const longestHead = 448;
const closingBrace = 0x7d;
/** Behind the body: the ends of the operation, and of the commit. */
const afterBody = 2;

/** Reads the heads of the commits in a segment. */
export class CommitHeads {
  readonly #bytes: Buffer;
  /** Members that many commits in a row have in common: one text does for all of them. */
  #collection = "";
  #time = "";
  #createdAt = "";

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /**
   * Reads the head of a commit whose line occupies `bytes[start, end)` and has the right checksum.
   *
   * With a regular expression, since that is compiled at once: an opening reads some thousand lines, and is over before
   * code that looks at them byte by byte would have become fast.
   *
   * @returns a {@link PutCommit}, if the commit puts one document and does nothing else; `undefined` if the line does not
   * begin as this program writes it: then the whole of it says what it is.
   */
  read(start: number, end: number): PutCommit | CommitHead | undefined {
    const bytes = this.#bytes;
    const from = start + linePrefixLength;
    head.lastIndex = 0;
    const found = head.exec(bytes.toString("latin1", from, Math.min(end, from + longestHead)));
    if (found === null) return undefined;
    const sequence = Number(found[1]);
    const durable = Number(found[3]);
    const bodyStart = from + head.lastIndex;
    const bodyEnd = end - afterBody;
    const fromId = found[5];
    if (fromId === undefined || bodyStart >= bodyEnd) return { sequence, durable };
    if (bytes[bodyEnd] !== closingBrace || bytes[bodyEnd + 1] !== closingBrace) return { sequence, durable };
    this.#keep(found[4] as string, found[2] as string, found[9]);
    const idStart = bodyStart - fromId.length;
    return new PutCommit(
      start,
      end,
      sequence,
      durable,
      this.#time,
      this.#collection,
      // Not what was matched, which is a part of the head and would keep the whole of that in memory.
      bytes.toString("utf8", idStart, idStart + (found[6] as string).length),
      Number(found[7]),
      Number(found[8]),
      found[9] === undefined ? this.#time : this.#createdAt,
      found[10] === undefined ? sequence : Number(found[10]),
      Number(found[11]),
      found[12] === undefined ? undefined : copyOf(found[12]),
      new EncodedText(bytes, bodyStart, bodyEnd),
    );
  }

  #keep(collection: string, time: string, createdAt: string | undefined): void {
    if (collection !== this.#collection) this.#collection = copyOf(collection);
    if (time !== this.#time) this.#time = copyOf(time);
    if (createdAt !== undefined && createdAt !== this.#createdAt) this.#createdAt = copyOf(createdAt);
  }
}

/** The same text, apart from the longer one that it was cut out of. */
function copyOf(text: string): string {
  return Buffer.from(text, "latin1").toString("latin1");
}

import type OpenAI from "openai";
import { isDeepStrictEqual } from "node:util";
import type { Random } from "../../drill/random.js";
import type { Findings } from "../../kill/findings.js";
import type { Kind } from "./kind.js";

interface Member<State> {
  readonly key: string;
  readonly id: string;
  readonly state: State;
}

/** A step that was begun: until it is answered, both are right. `id` is not known before a creation was answered. */
interface Pending<State> {
  readonly key: string;
  readonly id: string | undefined;
  readonly before: State | undefined;
  readonly after: State | undefined;
}

/** So many that were removed are remembered, the newest, and must not come back. */
const mostRemoved = 100;
/** Keys are used again after so many, so that traces of what was removed are bounded too. */
const keysPerMember = 2;
/** At first they are to become many soon; then some come and some go. */
const growChance = { atFirst: 0.9, later: 0.3 };
const changeUntil = 0.55;
const readUntil = 0.75;

/** The living things of one kind: made, changed, read, removed, never more than so many; and what must be there of them. */
export class Population<State> {
  readonly kind: Kind<State>;
  acknowledged = 0;
  checks = 0;
  /** Whether there were as many, at some time, as there may be. */
  hasBeenFull = false;
  /** Whether every key was used, so that there is as much of what stays behind removals as there may be. */
  hasUsedEveryKey = false;
  readonly cutOff = { there: 0, notThere: 0 };
  readonly #random: Random;
  readonly #findings: Findings;
  /** In the order of their making. */
  readonly #members = new Map<string, Member<State>>();
  readonly #removed: string[] = [];
  #pending: Pending<State> | undefined;
  #made = 0;

  constructor(kind: Kind<State>, random: Random, findings: Findings) {
    this.kind = kind;
    this.#random = random;
    this.#findings = findings;
  }

  get size(): number {
    return this.#members.size;
  }

  /** Whether a step was cut off and {@link settle} has not yet found out what became of it. */
  get isInDoubt(): boolean {
    return this.#pending !== undefined;
  }

  /** Does one thing. @throws `CutOffError` if the service ends meanwhile: then {@link settle} comes before all else. */
  async step(client: OpenAI): Promise<void> {
    const choice = this.#random.next();
    const [member] = this.#random.sample([...this.#members.values()], 1);
    if (
      member === undefined ||
      (this.size < this.kind.most && this.#random.chance(this.hasBeenFull ? growChance.later : growChance.atFirst))
    ) {
      await this.#create(client);
    } else if (choice < changeUntil) {
      const after = this.kind.next(member.state, this.#random);
      await this.#attempt({ key: member.key, id: member.id, before: member.state, after }, async () => {
        await this.kind.change(client, member.id, member.state, after);
        return member.id;
      });
    } else if (choice < readUntil) {
      await this.#check(client, member);
    } else {
      const oldest = this.#members.values().next().value ?? member;
      await this.#attempt({ key: oldest.key, id: oldest.id, before: oldest.state, after: undefined }, async () => {
        await this.kind.remove(client, oldest.id);
        return oldest.id;
      });
    }
  }

  /** Finds out what became of the step that was cut off, if one was. To be called before work begins at a service. */
  async settle(client: OpenAI): Promise<void> {
    await this.kind.prepare?.(client);
    const pending = this.#pending;
    if (pending === undefined) return;
    const { key, before, after } = pending;
    const id = pending.id ?? (await this.kind.find(client, key));
    const found = id === undefined ? undefined : await this.kind.read(client, id);
    this.checks += 1;
    if (isDeepStrictEqual(found, after)) {
      this.cutOff.there += 1;
      this.#accept(key, id, after);
    } else if (isDeepStrictEqual(found, before)) {
      this.cutOff.notThere += 1;
    } else {
      this.#differs(`${this.kind.name} ${id ?? key}, which a kill cut off`, found, [before, after]);
      this.#members.delete(key);
    }
    this.#pending = undefined;
  }

  /** Reads some, or all, and compares; those that were removed must not be there. */
  async check(client: OpenAI, most: number): Promise<void> {
    for (const member of this.#random.sample([...this.#members.values()], most)) await this.#check(client, member);
    for (const id of this.#random.sample(this.#removed, most)) {
      this.checks += 1;
      const found = await this.kind.read(client, id);
      if (found !== undefined) this.#findings.wrong.push(`${this.kind.name} ${id} was removed, and is there`);
    }
  }

  async #create(client: OpenAI): Promise<void> {
    const key = this.#freeKey();
    if (this.#made >= this.kind.most * keysPerMember) this.hasUsedEveryKey = true;
    const after = this.kind.first(key, this.#random);
    await this.#attempt({ key, id: undefined, before: undefined, after }, () => this.kind.create(client, key, after));
  }

  #freeKey(): string {
    const keys = this.kind.most * keysPerMember;
    for (;;) {
      this.#made += 1;
      const key = `soak-${this.kind.name.replaceAll(" ", "-")}-${this.#made % keys}`;
      if (!this.#members.has(key)) return key;
    }
  }

  async #attempt(pending: Pending<State>, send: () => Promise<string>): Promise<void> {
    this.#pending = pending;
    const id = await send();
    this.#pending = undefined;
    this.acknowledged += 1;
    this.#accept(pending.key, id, pending.after);
  }

  #accept(key: string, id: string | undefined, state: State | undefined): void {
    if (id === undefined) return;
    if (state !== undefined) {
      this.#members.set(key, { key, id, state });
      if (this.size >= this.kind.most) this.hasBeenFull = true;
      const position = this.#removed.indexOf(id);
      if (position >= 0) this.#removed.splice(position, 1);
      return;
    }
    this.#members.delete(key);
    this.#removed.push(id);
    if (this.#removed.length > mostRemoved) this.#removed.shift();
  }

  async #check(client: OpenAI, { id, key, state }: Member<State>): Promise<void> {
    const found = await this.kind.read(client, id);
    this.checks += 1;
    if (isDeepStrictEqual(found, state)) return;
    this.#differs(`${this.kind.name} ${id}`, found, [state]);
    // Told once.
    this.#members.delete(key);
  }

  #differs(what: string, found: State | undefined, expected: readonly (State | undefined)[]): void {
    if (found === undefined) this.#findings.lost.push(`${what} is not there`);
    else {
      const said = expected.map((state) => JSON.stringify(state)).join(" or ");
      this.#findings.wrong.push(`${what} is ${JSON.stringify(found)} instead of ${said}`);
    }
  }
}

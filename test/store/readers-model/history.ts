import { expect } from "vitest";
import type { Change } from "../../../src/collections/index.js";
import { entries } from "../../programs/entries.js";
import { range } from "../../readers/change-collector.js";
import type { FollowedReader, Picture } from "./followed-reader.js";
import type { Submitted, Writers } from "./writers.js";

/** As simple as a store can be. A `Map` keeps the order of creation, and moves what was deleted and comes back to its end. */
type Model = Map<string, { readonly text: string; readonly revision: number }>;

/**
 * Which transaction each commit is. Every transaction writes its number to the entry of its client, so the history that
 * was read names them, and what each must have done is known from what was submitted.
 *
 * @returns `undefined` in the place of what the state directory wrote of its own accord, such as how it started.
 */
export function transactionsOf(history: readonly Change[], submitted: readonly Submitted[]): (Submitted | undefined)[] {
  expect(history.map(({ sequence }) => sequence)).toEqual(range(1, history.length));
  const byName = new Map(submitted.map((transaction) => [`${transaction.client} ${transaction.number}`, transaction]));
  return history.map(({ operations }) => {
    if (operations.every(({ collection }) => collection !== entries.name)) return undefined;
    const marker = operations[0];
    if (marker?.type !== "put" || !marker.id.startsWith("marker-"))
      throw new Error(`a commit without its number: ${JSON.stringify(operations)}`);
    const { text } = marker.body as { readonly text: string };
    const name = `${marker.id.slice("marker-".length)} ${text}`;
    const transaction = byName.get(name);
    if (transaction === undefined) throw new Error(`the commit of ${name} is there again, or was never submitted`);
    byName.delete(name);
    return transaction;
  });
}

/** The model at each sequence number, from 0 on; checks on the way that every commit did what its transaction says. */
export function modelsOf(history: readonly Change[], transactions: readonly (Submitted | undefined)[]): Picture[] {
  const model: Model = new Map();
  const pictures: Picture[] = [pictureOf(model, 0)];
  for (const [index, transaction] of transactions.entries()) {
    const { operations, sequence } = history[index] as Change;
    if (transaction === undefined) {
      pictures.push(pictureOf(model, sequence));
      continue;
    }
    const marker = { id: `marker-${transaction.client}`, text: String(transaction.number) };
    const expected = [marker, ...transaction.writes].flatMap(({ id, text }) => {
      const present = model.get(id);
      if (text === undefined) {
        model.delete(id);
        return present === undefined ? [] : [{ type: "delete", id, revision: present.revision + 1 }];
      }
      const revision = (present?.revision ?? 0) + 1;
      model.set(id, { text, revision });
      return [{ type: "put", id, revision, body: { text } }];
    });
    expect(operations).toMatchObject(expected);
    pictures.push(pictureOf(model, sequence));
  }
  return pictures;
}

function pictureOf(model: Model, sequence: number): Picture {
  return { sequence, texts: [...model].map(([id, { text, revision }]) => [id, text, revision]) };
}

/** Nothing acknowledged is missing, and what was acknowledged before something else was begun comes before it. */
export function expectAcknowledged({ acknowledged }: Writers, all: readonly (Submitted | undefined)[]): void {
  const transactions = all.filter((transaction) => transaction !== undefined);
  const present = new Set(transactions.map(({ client, number }) => `${client} ${number}`));
  expect([...acknowledged.keys()].filter((name) => !present.has(name))).toEqual([]);
  let newestBegin = 0;
  for (const { client, number, submittedAt } of transactions) {
    const acknowledgedAt = acknowledged.get(`${client} ${number}`) ?? Number.POSITIVE_INFINITY;
    expect(acknowledgedAt, `${client} ${number} comes behind what was begun later`).toBeGreaterThanOrEqual(newestBegin);
    newestBegin = Math.max(newestBegin, submittedAt);
  }
  for (const name of new Set(transactions.map(({ client }) => client))) {
    const numbers = transactions.filter(({ client }) => client === name).map(({ number }) => number);
    expect(numbers).toEqual(numbers.toSorted((left, right) => left - right));
  }
}

/** A feed gives every commit once, in order, as the history has it; a picture is the model at its number. */
export function expectFollowed(
  { feed, since, pictures }: FollowedReader,
  history: readonly Change[],
  models: readonly Picture[],
): void {
  expect(feed.failure).toBeUndefined();
  expect(feed.sequences).toEqual(range(since + 1, since + feed.changes.length));
  expect(feed.changes).toEqual(history.slice(since, since + feed.changes.length));
  for (const picture of pictures) expect(picture).toEqual(models[picture.sequence]);
}

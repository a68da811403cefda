import type { Account } from "../account.js";
import type { Findings } from "../findings.js";
import type { RecordStep } from "../telling.js";
import { bodiesOf } from "../workload/records.js";

/** Steps of replay records that were acknowledged, against the records that there are. */
export class RecordLedger {
  acknowledged = 0;
  readonly #findings: Findings;
  readonly #steps = new Map<string, RecordStep>();

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  step(id: string, step: RecordStep): void {
    if (step !== "deleting") this.acknowledged += 1;
    this.#steps.set(id, step);
  }

  check({ records, recordCount }: Account): void {
    this.#findings.expectSame("the number of replay records, as counted commit by commit", recordCount, records.length);
    const byId = new Map(records.map((record) => [record.id, record]));
    this.#findings.expectSame("the number of different replay records", byId.size, records.length);
    for (const [id, step] of this.#steps) {
      const found = byId.get(id);
      if (step === "deleted" && found !== undefined)
        this.#findings.wrong.push(`the replay record ${id} is there; its deletion was acknowledged`);
      if ((step === "added" || step === "finished") && found === undefined)
        this.#findings.lost.push(
          `the replay record ${id}, of which ${JSON.stringify(step)} was acknowledged, is not there`,
        );
      if (found === undefined) continue;
      const { request, response } = bodiesOf(id);
      this.#findings.expectSame(`the request of the replay record ${id}`, found.request, request);
      if (step !== "finished") continue;
      this.#findings.expectSame(`the state of the finished replay record ${id}`, found.state, "completed");
      this.#findings.expectSame(`the response of the replay record ${id}`, found.response, response);
    }
  }
}

import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import OpenAI from "openai";
import { checkFile, checkFiles } from "./checks/check-files.js";
import { checkConversation, checkHistories, checkResponse } from "./checks/check-history.js";
import { checkNothingInProgress } from "./checks/check-record.js";
import { checkReplay } from "./checks/check-replay.js";
import { checkVectorStores } from "./checks/check-vector-stores.js";
import { Sample } from "./checks/sample.js";
import { ChainClient } from "./clients/chain-client.js";
import type { Client, ClientTools } from "./clients/client.js";
import { ConversationClient } from "./clients/conversation-client.js";
import { FileClient } from "./clients/file-client.js";
import { ForgetfulClient } from "./clients/forgetful-client.js";
import { VectorStoreClient } from "./clients/vector-store-client.js";
import { count, Figures } from "./figures.js";
import { Ledger } from "./ledger.js";
import type { DrillOptions } from "./options.js";
import { Random } from "./random.js";
import { RouterProcess } from "./router-process.js";
import { Service } from "./service.js";

const program = fileURLToPath(new URL("../../examples/router/main.js", import.meta.url));
/** So much of all restarts is killed again before the router is ready, within so many milliseconds of its spawning. */
const earlyKills = { share: 0.15, withinMs: 400 };
/** Ways of taking a directory over that need no waiting. */
const atOnce: ReadonlySet<string> = new Set(["unclaimed", "released", "dead"]);
/** Taking it takes a few syncs; longer than this, in milliseconds, is waiting, whatever it is called. */
const longestTakeoverMs = 1000;

/** What a drill found. */
export interface DrillResult {
  readonly ledger: Ledger;
  readonly figures: Figures;
}

/** Kills a router again and again under load, and checks from outside what it had acknowledged. */
export class Drill {
  readonly #options: DrillOptions;
  readonly #directory: string;
  readonly #random: Random;
  readonly #service = new Service();
  readonly #ledger = new Ledger();
  readonly #sample: Sample;
  readonly #figures = new Figures();
  readonly #onProgress: (text: string) => void;
  /** The router of this moment. */
  #router: RouterProcess | undefined;

  /** @param directory must not exist yet. */
  constructor(options: DrillOptions, directory: string, onProgress: (text: string) => void) {
    this.#options = options;
    this.#directory = directory;
    this.#random = new Random(options.seed);
    this.#sample = new Sample(this.#ledger, this.#random);
    this.#onProgress = onProgress;
  }

  /** @throws Error if the router or a client fails in a way that is no answer to "is it there". */
  async run(): Promise<DrillResult> {
    try {
      return await this.#run();
    } finally {
      // A drill that fails must not leave a router behind.
      this.#router?.end();
    }
  }

  async #run(): Promise<DrillResult> {
    const clients = this.#makeClients();
    const running = Promise.all(clients.map((client) => client.run()));
    // Whatever goes wrong with a client ends the drill at once, not when its lives are over.
    await Promise.race([this.#lives(), running]);

    const last = await this.#start();
    this.#service.stop();
    await running;
    const client = clientOf(last.port);
    for (const each of clients) {
      await each.settle(client);
      await each.prove(client);
    }
    this.#onProgress("checking everything that was acknowledged");
    await checkHistories(client, this.#ledger);
    await checkFiles(client, this.#ledger);
    await checkVectorStores(client, this.#ledger);
    this.#figures.recordEnds = await checkReplay(client, this.#ledger);
    await this.#stop(last.router);
    await this.#checkCleanRestart();
    return { ledger: this.#ledger, figures: this.#figures };
  }

  #makeClients(): Client[] {
    // One of each kind, before any kind comes twice.
    const kinds = [ChainClient, ConversationClient, VectorStoreClient, FileClient, ForgetfulClient];
    return Array.from({ length: this.#options.clients }, (_, index) => {
      const Kind = kinds[index % kinds.length] ?? ChainClient;
      const tools: ClientTools = {
        name: `client ${index + 1}`,
        service: this.#service,
        ledger: this.#ledger,
        random: new Random(this.#options.seed + 1 + index),
      };
      return new Kind(tools);
    });
  }

  async #lives(): Promise<void> {
    const { kills, secondsPerLife } = this.#options;
    while (this.#figures.kills < kills) {
      if (this.#figures.kills > 0 && this.#random.chance(earlyKills.share)) {
        const router = this.#spawn();
        await sleep(this.#random.between(0, earlyKills.withinMs));
        this.#noteOpening(router);
        if (router.heard("ready") === undefined) this.#figures.killsDuringStart += 1;
        await router.kill();
      } else {
        const { router, port } = await this.#start();
        const checking = this.#sample.check(clientOf(port));
        await Promise.race([sleep(this.#random.between(0, 2 * secondsPerLife * 1000)), router.ended]);
        await router.kill();
        this.#service.down();
        await checking;
      }
      this.#figures.kills += 1;
      this.#onProgress(
        `${this.#figures.kills} of ${kills} kills, ${this.#ledger.acknowledgements} turns and operations acknowledged, ` +
          `${this.#ledger.lost.length} lost, ${this.#ledger.wrong.length} wrong`,
      );
    }
  }

  async #start(): Promise<{ readonly router: RouterProcess; readonly port: number }> {
    const router = this.#spawn();
    const { announcement, sinceSpawnMs } = await router.hear("ready");
    this.#noteOpening(router);
    this.#figures.toReady.add(sinceSpawnMs);
    // While no client knows of it: whatever is in progress now was left so by a router that is dead.
    await checkNothingInProgress(clientOf(announcement.port), this.#ledger);
    this.#service.onAnswer = () => {
      this.#figures.toFirstAnswer.add(router.sinceSpawnMs());
      this.#service.onAnswer = () => undefined;
    };
    this.#service.up(announcement.port);
    return { router, port: announcement.port };
  }

  #spawn(): RouterProcess {
    this.#router = new RouterProcess(program, this.#directory);
    return this.#router;
  }

  /** Counts what a router said of its opening, if it got that far. */
  #noteOpening(router: RouterProcess): void {
    const heard = router.heard("open");
    if (heard === undefined) return;
    const { recovery, previousRun } = heard.announcement;
    const figures = this.#figures;
    figures.toOpen.add(heard.sinceSpawnMs);
    figures.replayed += recovery.replayed;
    if (recovery.replayed > 0) figures.restartsThatReplayed += 1;
    if (!atOnce.has(recovery.takeover) || recovery.takeoverMs > longestTakeoverMs) figures.restartsThatWaited += 1;
    figures.longestTakeoverMs = Math.max(figures.longestTakeoverMs, recovery.takeoverMs);
    count(figures.previousRuns, previousRun ?? "none");
    count(figures.outcomes, recovery.outcome);
    if (recovery.outcome === "degraded") this.#ledger.fault("a recovery reported that acknowledged data is missing");
  }

  async #stop(router: RouterProcess): Promise<void> {
    const { code, signal } = await router.terminate();
    this.#ledger.expectEqual("the end of a router that was asked to stop", { code, signal }, { code: 0, signal: null });
  }

  /** After an orderly stop there is nothing to recover, and everything is there still. */
  async #checkCleanRestart(): Promise<void> {
    const router = this.#spawn();
    const { announcement } = await router.hear("ready");
    const open = await router.hear("open");
    const { outcome, replayed } = open.announcement.recovery;
    const said = { outcome, replayed, previousRun: open.announcement.previousRun };
    this.#ledger.expectEqual("an orderly restart", said, { outcome: "clean", replayed: 0, previousRun: "clean" });
    const client = clientOf(announcement.port);
    for (const id of this.#random.sample([...this.#ledger.responses.keys()], 50)) {
      await checkResponse(client, this.#ledger, id);
    }
    for (const id of this.#ledger.conversations.keys()) await checkConversation(client, this.#ledger, id);
    for (const id of this.#random.sample([...this.#ledger.files.keys()], 50)) await checkFile(client, this.#ledger, id);
    await checkVectorStores(client, this.#ledger);
    await checkReplay(client, this.#ledger);
    await this.#stop(router);
  }
}

/** A client for checks: it must not take part in the bookkeeping of turns. */
function clientOf(port: number): OpenAI {
  return new OpenAI({ baseURL: `http://127.0.0.1:${port}/v1`, apiKey: "drill", maxRetries: 0, timeout: 30_000 });
}
